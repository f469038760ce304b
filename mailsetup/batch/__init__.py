"""Many people at once: a table in, a folder of results out."""
