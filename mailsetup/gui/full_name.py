"""The full name of the computer's user."""

import os
import sys

from mailsetup.model.text import has_control

if sys.platform != "win32":
    import pwd

_MAX_LENGTH = 80
_NAME_DISPLAY = 3
"""``NameDisplay`` of ``EXTENDED_NAME_FORMAT`` (secext.h): the full name, as the system shows it."""


def own_name() -> str:
    """The user's full name; "" where the system has none.

    May ask a directory service, so the window's thread does not call it. A
    single word is most often a login or a role, not a name for the sender of mail.
    """
    return as_name(_from_windows() if sys.platform == "win32" else _from_accounts())


def as_name(known: str) -> str:
    """The system's text, where it looks like a person's name; otherwise ""."""
    name = " ".join(known.split())
    named = " " in name and len(name) <= _MAX_LENGTH and not has_control(name)
    return name if named and not any(char.isdigit() for char in name) else ""


def _from_accounts() -> str:
    try:
        field = pwd.getpwuid(os.getuid()).pw_gecos
    except KeyError:
        return ""
    return field.split(",", 1)[0]


def _from_windows() -> str:
    import ctypes

    size = ctypes.c_ulong(_MAX_LENGTH * 4)
    buffer = ctypes.create_unicode_buffer(size.value)
    library = ctypes.WinDLL("secur32")  # type: ignore[attr-defined,unused-ignore]
    known = library.GetUserNameExW(_NAME_DISPLAY, buffer, ctypes.byref(size))
    return buffer.value if known else ""
