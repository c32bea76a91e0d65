"""The contenders: each sets itself up in a folder, and offers the works that it can do."""
