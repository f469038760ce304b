"""Figures as the language writes them."""

from PySide6.QtCore import QLocale

from mailsetup.i18n import language


def seconds(milliseconds: float) -> str:
    """A time in seconds with one decimal."""
    return f"{QLocale(language()).toString(milliseconds / 1000, 'f', 1)} s"
