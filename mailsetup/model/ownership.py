"""Why a file is not trusted."""

from enum import StrEnum


class OwnershipFault(StrEnum):
    """Why a file is not read."""

    FOREIGN = "file-foreign"
    """It belongs to somebody other than the person or the administrator."""
    WRITABLE = "file-writable"
    """Everybody may write it, or a group with other members."""
