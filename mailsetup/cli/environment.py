"""Errors of the operating system that are no defect of the program, as sentences."""

import errno

from mailsetup.i18n import _
from mailsetup.model.text import plain

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_TOO_MANY = frozenset({errno.EMFILE, errno.ENFILE})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
_NO_HOME = "home directory"
"""In the message of `pathlib` where there is neither HOME nor an entry in passwd."""
_FILE_ERRORS = frozenset(
    {
        errno.EROFS, errno.EIO, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST,
        errno.ELOOP, errno.ENAMETOOLONG, errno.ENODEV, errno.ENXIO, errno.EBUSY, errno.ETXTBSY,
        errno.EFBIG, errno.ENOTEMPTY, errno.EXDEV, errno.EMLINK, errno.ENOLCK, errno.ESTALE,
        errno.EINVAL, errno.EOVERFLOW,
    }
)  # fmt: skip
"""Errors about a named file; without a name they are a defect of this program."""


def explain_system_error(error: Exception) -> tuple[str, str] | None:
    """The id and the sentence for an error of the system; None for a defect of the program.

    The sentence names the file where there is one.
    """
    if isinstance(error, MemoryError):
        return (
            "computer.no-memory",
            _("There is not enough memory. Close some programs and try again."),
        )
    if isinstance(error, RuntimeError) and _NO_HOME in str(error):
        return "computer.no-home", _("This account has no home folder. Set HOME to a folder.")
    if not isinstance(error, OSError):
        return None
    filename: object = error.filename
    place = plain(str(filename), 200) if filename is not None else ""
    if error.errno in _TOO_MANY:
        return (
            "computer.too-many-open-files",
            _("Too many files are open on this computer. Close some programs and try again."),
        )
    if error.errno in _FULL:
        sentence = _("The disk is full. Make some room and try again.")
        return "computer.disk-full", f"{sentence} ({place})" if place else sentence
    if error.errno in (errno.ENOMEM, errno.EAGAIN):
        return (
            "computer.no-memory",
            _("There is not enough memory. Close some programs and try again."),
        )
    why = plain(error.strerror or type(error).__name__, 120)
    if error.errno == errno.EIO and not place:
        return "computer.file", _("The computer cannot read or write a file ({why}).").format(
            why=why
        )
    if not place:
        return None
    if error.errno in _FORBIDDEN:
        return (
            "computer.no-permission",
            _("This account on the computer may not use {place}.").format(place=place),
        )
    if error.errno in _FILE_ERRORS:
        return "computer.file", _("{place} cannot be used ({why}).").format(place=place, why=why)
    return None
