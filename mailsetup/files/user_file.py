"""Read a file that the user named: regular files only, limited in size and time.

The name may be a symbolic link to a regular file. A pipe such as the shell's ``<(command)`` is read
where the caller allows it, with a time limit. Devices, sockets and folders are refused before they
are opened, because opening some devices has effects.
"""

import errno
import os
import select
import stat
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mailsetup.i18n import _
from mailsetup.model.text import plain

PIPE_SECONDS = 60.0
"""How long the command at the other end of a pipe may take."""

_CHUNK = 1024 * 1024


class FileFault(StrEnum):
    """Why a file cannot be read."""

    MISSING = "missing"
    DENIED = "denied"
    NOT_A_FILE = "not-a-file"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class FileFailure:
    """Why a file cannot be read; ``reason`` is a sentence that names the file."""

    fault: FileFault
    reason: str


def read_given_file(path: Path, limit: int, *, pipe_seconds: float = 0.0) -> bytes | FileFailure:
    """The content of a regular file of at most ``limit`` bytes.

    With ``pipe_seconds`` also that of a pipe, until its end or for so many seconds.
    """
    try:
        mode = path.stat().st_mode
        if not _is_readable_kind(mode, pipe_seconds):
            return _not_a_file(path, mode)
        descriptor = open_to_read(path)
        try:
            mode = os.fstat(descriptor).st_mode
            if not _is_readable_kind(mode, pipe_seconds):
                return _not_a_file(path, mode)
            deadline = time.monotonic() + pipe_seconds if stat.S_ISFIFO(mode) else None
            content = _read(descriptor, limit, deadline)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        return _unreadable(path, error)
    if isinstance(content, FileFault):
        return FileFailure(content, _bound_sentence(content, path, limit))
    return content


def open_to_read(path: Path) -> int:
    """A descriptor for reading. Raises OSError.

    It does not wait for the writer of a pipe, and a terminal does not become the controlling one.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _is_readable_kind(mode: int, pipe_seconds: float) -> bool:
    return stat.S_ISREG(mode) or (pipe_seconds > 0 and stat.S_ISFIFO(mode))


def _read(descriptor: int, limit: int, deadline: float | None) -> bytes | FileFault:
    """Read everything. The reported size is not used: it may be 0, or change."""
    parts: list[bytes] = []
    size = 0
    while True:
        if deadline is not None and not _has_more(descriptor, deadline):
            return FileFault.TOO_SLOW
        part = os.read(descriptor, min(_CHUNK, limit + 1 - size))
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > limit:
            return FileFault.TOO_LARGE


def _has_more(descriptor: int, deadline: float) -> bool:
    """Wait for data or for the end of a pipe; False when the time is over first."""
    left = deadline - time.monotonic()
    if sys.platform == "win32" or left <= 0:
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(left * 1000))


def _not_a_file(path: Path, mode: int) -> FileFailure:
    shown = plain(str(path))
    if stat.S_ISDIR(mode):
        reason = _("{path} is a folder. Name a file.").format(path=shown)
    else:
        reason = _("{path} is not an ordinary file. Name a file on the disk.").format(path=shown)
    return FileFailure(FileFault.NOT_A_FILE, reason)


def _unreadable(path: Path, error: OSError | ValueError) -> FileFailure:
    shown = plain(str(path))
    if isinstance(error, ValueError):
        # A NUL or a lone surrogate in the name.
        reason = _("There is no file {path}. Check its name.").format(path=shown)
        return FileFailure(FileFault.MISSING, reason)
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR | errno.ENAMETOOLONG | errno.ELOOP:
            reason = _("There is no file {path}. Check its name.").format(path=shown)
            return FileFailure(FileFault.MISSING, reason)
        case errno.EACCES | errno.EPERM:
            reason = _("This account on the computer may not read {path}.").format(path=shown)
            return FileFailure(FileFault.DENIED, reason)
        case _other:
            reason = _("{path} cannot be read ({why}).").format(
                path=shown, why=error.strerror or type(error).__name__
            )
            return FileFailure(FileFault.UNREADABLE, reason)


def _bound_sentence(fault: FileFault, path: Path, limit: int) -> str:
    shown = plain(str(path))
    if fault is FileFault.TOO_SLOW:
        return _("Nothing more came from {path} in time.").format(path=shown)
    size = f"{limit // 1024} KiB" if limit < _CHUNK else f"{limit // _CHUNK} MiB"
    return _("{path} is too large: at most {size} are read.").format(path=shown, size=size)
