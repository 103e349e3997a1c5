"""Vector indexes on Chroma: in a folder with one owning process, or on a Chroma server."""
