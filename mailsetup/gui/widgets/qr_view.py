"""A QR code on the screen, for a phone's camera."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mailsetup.export.guide.qr import QUIET_ZONE, QrMatrix
from mailsetup.i18n import _

_SIDE = 260
"""Logical pixels: large enough for a camera at arm's length."""


class QrView(QWidget):
    """Black on white in every colour scheme, with the quiet zone that cameras need."""

    def __init__(self) -> None:
        super().__init__()
        self._matrix: QrMatrix | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    def set_matrix(self, matrix: QrMatrix | None) -> None:
        """Show this code, or nothing."""
        self._matrix = matrix
        self.setVisible(matrix is not None)
        self.setAccessibleName(_("Code with the settings, to be read by a phone"))
        self.update()

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(_SIDE, _SIDE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._matrix is None:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.white)
        # Whole pixels: cameras need longer for blurred edges.
        module = max(self.width() // (self._matrix.size + 2 * QUIET_ZONE), 1)
        edge = (self.width() - module * self._matrix.size) / 2
        for x, y in self._matrix.dark():
            spot = QRectF(edge + x * module, edge + y * module, module, module)
            painter.fillRect(spot, Qt.GlobalColor.black)
        painter.end()
