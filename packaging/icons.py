"""The program's icon, drawn by Qt in any size, and the folders of the hicolor theme:
https://specifications.freedesktop.org/icon-theme-spec/
"""

import shutil
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgRenderer

SIZES: Final = (16, 22, 24, 32, 48, 64, 96, 128, 256, 512)
"""Width and height in pixels."""


def write_icons(svg: Path, theme: Path, name: str) -> list[Path]:
    """Write ``svg`` and pictures of it below the theme's folder; returns the written files."""
    scalable = theme / "scalable" / "apps" / f"{name}.svg"
    scalable.parent.mkdir(parents=True)
    shutil.copyfile(svg, scalable)
    written = [scalable]
    for size in SIZES:
        path = theme / f"{size}x{size}" / "apps" / f"{name}.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(png(svg, size))
        written.append(path)
    return written


def png(svg: Path, size: int) -> bytes:
    """A square picture of an SVG file as PNG; needs no QApplication."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(draw(svg, size))
    return bytes(buffer.data().data())


def draw(svg: Path, size: int) -> QImage:
    """A square picture of an SVG file on a transparent ground."""
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(str(svg)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return image
