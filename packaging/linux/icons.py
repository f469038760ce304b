"""The program's icon in the sizes of the hicolor theme, drawn by Qt.

The theme's folders: https://specifications.freedesktop.org/icon-theme-spec/
"""

import shutil
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
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
        if not draw(svg, size).save(str(path), quality=0):
            raise OSError(f"{path} cannot be written")
        written.append(path)
    return written


def draw(svg: Path, size: int) -> QImage:
    """A square picture of an SVG file on a transparent ground."""
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(str(svg)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return image
