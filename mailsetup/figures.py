"""Figures for people, as the current language writes them. What programs read takes no part."""

from mailsetup.i18n import language

_KIB = 1024
_POINTS = {"es": ","}
"""What stands before the decimals, where it is not a point."""


def decimal(value: float) -> str:
    """With one decimal."""
    return f"{value:.1f}".replace(".", _POINTS.get(language(), "."))


def short(value: float) -> str:
    """With one decimal, or none where it would be a zero."""
    shown = decimal(value)
    return shown[:-2] if shown.endswith("0") else shown


def seconds(milliseconds: float) -> str:
    """A time in seconds."""
    return f"{decimal(milliseconds / 1000)} s"


def size(octets: int) -> str:
    """A number of octets, in the units in which people count the sizes of their files."""
    if octets < _KIB**2 / 10:
        return f"{short(octets / _KIB)} KB"
    if octets < _KIB**3:
        return f"{short(octets / _KIB**2)} MB"
    return f"{short(octets / _KIB**3)} GB"
