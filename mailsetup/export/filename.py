"""File names that are safe on every system, made from an address."""

import re
import unicodedata

from mailsetup.model.address import EmailAddress

_MAX_STEM = 60
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}\Z")
# Device names of Windows, which are reserved with any extension.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)")


def stem(address: EmailAddress) -> str:
    """The address as ASCII letters, digits, dots and dashes: ``ana-bodega.es``."""
    text = address.ascii.replace("@", "-")
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folded)
    name = re.sub(r"\.{2,}", ".", name)[:_MAX_STEM].strip(".-_")
    return name if is_safe_name(name) else "mail"


def is_safe_name(name: str) -> bool:
    """Whether a file of this name stays in its folder on every system."""
    return (
        bool(_SAFE.match(name))
        and ".." not in name
        and not name.endswith(".")
        and not _DEVICES.match(name)
    )
