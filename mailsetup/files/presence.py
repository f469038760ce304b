"""Whether a file or folder is there, for folders that may not be readable.

``Path.is_file`` and its relatives raise PermissionError before Python 3.14 where a folder above
may not be entered. For looking at what a person has, that means: not there for us. Code that is
about to write uses `Path` itself and turns the error into `atomic.reason`.
"""

import os
from pathlib import Path


def is_file(path: Path) -> bool:
    """Whether a regular file is there, as far as this account on the computer can tell."""
    return os.path.isfile(path)  # noqa: PTH113 - never raises, on no version


def is_folder(path: Path) -> bool:
    """Whether a folder is there, as far as this account on the computer can tell."""
    return os.path.isdir(path)  # noqa: PTH112 - never raises, on no version


def exists(path: Path) -> bool:
    """Whether anything is there, as far as this account on the computer can tell."""
    return os.path.exists(path)  # noqa: PTH110 - never raises, on no version


def content(path: Path, limit: int) -> bytes | None:
    """A regular file's content; None where it is not there, longer than ``limit`` or not ours
    to read."""
    try:
        if not is_file(path):
            return None
        with path.open("rb") as file:
            read = file.read(limit + 1)
    except OSError:
        return None
    return read if len(read) <= limit else None
