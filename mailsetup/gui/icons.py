"""The program's icons: line drawings in one colour each."""

from functools import cache

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from mailsetup import resources


@cache
def icon(name: str, colour: str) -> QSvgRenderer:
    """The renderer of an icon in a colour."""
    text = resources.read_text("icons", f"{name}.svg").replace("currentColor", colour)
    return QSvgRenderer(QByteArray(text.encode()))


def as_icon(name: str, colour: str, side: int = 40) -> QIcon:
    """An icon for a button, ``side`` pixels wide at most."""
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    icon(name, colour).render(painter)
    painter.end()
    return QIcon(pixmap)
