"""Check for files and folders that may not be readable.

``Path.is_file`` and similar methods raise PermissionError before Python 3.14 where a parent folder
may not be entered. Here such a file counts as missing. Code that is about to write uses `Path` and
turns the error into `atomic.reason`.
"""

import os
from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether a regular file is there, as far as this user can see."""
    return os.path.isfile(path)  # noqa: PTH113 - never raises, on no version


def is_folder(path: Path) -> bool:
    """Whether a folder is there, as far as this user can see."""
    return os.path.isdir(path)  # noqa: PTH112 - never raises, on no version


def exists(path: Path) -> bool:
    """Whether anything is there, as far as this user can see."""
    return os.path.exists(path)  # noqa: PTH110 - never raises, on no version


def content(path: Path, limit: int) -> bytes | None:
    """A regular file's content; None where it is missing, unreadable or longer than ``limit``."""
    try:
        if not is_file(path):
            return None
        with path.open("rb") as file:
            read = file.read(limit + 1)
    except OSError:
        return None
    return read if len(read) <= limit else None
