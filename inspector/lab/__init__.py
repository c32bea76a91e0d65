"""The lab: attacks that run for real over HTTP against the running servers, and are seen to fail."""
