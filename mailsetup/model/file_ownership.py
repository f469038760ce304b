"""Why a file is not trusted: its owner or its permissions."""

from enum import StrEnum


class OwnershipFault(StrEnum):
    """Why a file is not read."""

    FOREIGN = "file-foreign"
    """It belongs to an account other than the user's or the administrator's."""
    WRITABLE = "file-writable"
    """It is writable for all accounts, or for a group with other members."""
