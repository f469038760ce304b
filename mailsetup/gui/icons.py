"""Our icons: line drawings in one colour each."""

from functools import cache

from PySide6.QtCore import QByteArray
from PySide6.QtSvg import QSvgRenderer

from mailsetup import resources


@cache
def icon(name: str, colour: str) -> QSvgRenderer:
    """One of our icons in a colour."""
    text = resources.read_text("icons", f"{name}.svg").replace("currentColor", colour)
    return QSvgRenderer(QByteArray(text.encode()))
