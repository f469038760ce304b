"""A large button with an icon, a title and a line of text: one choice among few."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from mailsetup.gui.icons import icon
from mailsetup.gui.theme import Space, Type, colours_of
from mailsetup.gui.widgets.basic import PlainLabel
from mailsetup.gui.widgets.flow_layout import SizedByLayout

_LARGE, _SMALL = 1.9, 1.35
"""Sides of an icon, in heights of a line of text."""
_ARROW = 14


class _Drawing(QWidget):
    """An icon in the colour of the accent."""

    def __init__(self, name: str, lines: float) -> None:
        super().__init__()
        self._name, self._lines = name, lines
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        """The size relative to the text."""
        side = round(self.fontMetrics().height() * self._lines)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        icon(self._name, colours_of(self).accent).render(painter, QRectF(self.rect()))
        painter.end()


class _Arrow(QWidget):
    """An arrow in the direction of reading."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(_ARROW, _ARROW)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(colours_of(self).muted), 1.8)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        painter.drawPolyline([QPointF(4.5, 2), QPointF(9.5, 7), QPointF(4.5, 12)])
        painter.end()


class ChoiceCard(SizedByLayout, QPushButton):
    """Pressed by a click, the space bar or Enter; as high as its wrapped texts need."""

    def __init__(self, drawing: str, *, small: bool = False) -> None:
        super().__init__()
        self.setProperty("role", "choice")
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        drawn = _Drawing(drawing, _SMALL if small else _LARGE)
        self._title = PlainLabel(size=Type.BODY if small else Type.LARGE, bold=not small)
        self._text = PlainLabel(role="muted")
        column = QVBoxLayout()
        column.setSpacing(Space.TINY)
        for label in (self._title, self._text):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(label)
        row = QHBoxLayout(self)
        edge = 10 if small else Space.MEDIUM
        row.setContentsMargins(Space.MEDIUM, edge, Space.MEDIUM, edge)
        row.setSpacing(Space.MEDIUM)
        row.addWidget(drawn)
        row.addLayout(column, 1)
        row.addWidget(_Arrow())
        self.grow_with_texts()

    def set_texts(self, title: str, text: str = "") -> None:
        """Set title and text."""
        self._title.setText(title)
        self._text.show_text(text)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self.updateGeometry()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)
