"""The scopes of this API: what an access token can be granted."""

PROFILE = "profile"
PHOTOS_READ = "photos:read"
PHOTOS_WRITE = "photos:write"
