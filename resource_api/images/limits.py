"""The limits of an uploaded image, and of the process that decodes it."""

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 24_000_000
#: A decoder goes through the whole JPEG for each scan, even if the scan is empty.
MAX_SCANS = 100
#: A small file can have pixels that take many times as many bytes when they are encoded again.
MAX_STORED_BYTES = 48 * 1024 * 1024

#: The CPU time of the process, and its duration, in seconds. An AVIF of 24 megapixels takes half
#: of the former, a JPEG a twentieth.
CPU_SECONDS = 15
WALL_SECONDS = 30
#: The address space of the process.
MEMORY_BYTES = 1536 * 1024 * 1024
