"""The uploaded images: how they are checked, and what is stored of them."""

from resource_api.images.cleaning import MAX_BYTES, CleanImage, clean

__all__ = ["MAX_BYTES", "CleanImage", "clean"]
