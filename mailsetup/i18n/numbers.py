"""Numbers for people to read, in the current language; not for machine-readable output."""

from mailsetup.i18n.locale_data import locale_data

_KIB = 1024


def decimal(value: float) -> str:
    """With one decimal place."""
    return f"{value:.1f}".replace(".", locale_data().decimal)


def short(value: float) -> str:
    """With one decimal place, or none where it would be a zero."""
    text = decimal(value)
    return text[:-2] if text.endswith("0") else text


def seconds(milliseconds: float) -> str:
    """A time in seconds."""
    return f"{decimal(milliseconds / 1000)} s"


def size(octets: int) -> str:
    """A number of octets in KB, MB or GB, each 1024 of the one before."""
    if octets < _KIB**2 / 10:
        return f"{short(octets / _KIB)} KB"
    if octets < _KIB**3:
        return f"{short(octets / _KIB**2)} MB"
    return f"{short(octets / _KIB**3)} GB"
