"""The program for macOS: an application bundle in a disk image. Never run so far."""
