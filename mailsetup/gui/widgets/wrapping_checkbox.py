"""A check box whose text wraps; Qt's own has one line that is cut where it is narrow."""

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QStyle,
    QStyleOptionButton,
    QWidget,
)

from mailsetup.gui.theme import Space, colours_of
from mailsetup.gui.widgets.basic import PlainLabel
from mailsetup.gui.widgets.flow_layout import SizedByLayout


class WrappingCheckBox(SizedByLayout, QCheckBox):
    """Toggled by a click anywhere on it, the space bar or its mnemonic."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = PlainLabel()
        self._label.setBuddy(self)
        self._label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(self)
        row.addWidget(self._label, 1)
        self._update_margins()
        self.grow_with_texts()

    def setText(self, text: str) -> None:
        """Set the text; ``&`` marks its mnemonic."""
        self._label.setText(text)
        self.setAccessibleName(text.replace("&", ""))
        self._update_margins()
        self.updateGeometry()

    def text(self) -> str:
        """The text."""
        return self._label.text()

    def event(self, event: QEvent) -> bool:
        """The indicator grows with the text size: move the text."""
        if event.type() == QEvent.Type.StyleChange:
            self._update_margins()
        return super().event(event)

    def _update_margins(self) -> None:
        layout = self.layout()
        if layout is not None:
            left = self._indicator_width() + Space.SMALL + Space.TINY
            layout.setContentsMargins(left, Space.TINY, Space.TINY, Space.TINY)

    def _indicator_width(self) -> int:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        return self.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth, option, self)

    def hitButton(self, pos: QPoint) -> bool:
        """The whole widget reacts to the mouse."""
        return self.rect().contains(pos)

    def _framed(self) -> QRect:
        """The rectangle of the text: the style marks the focus of the indicator."""
        text = self._label.geometry()
        if self.layoutDirection() is Qt.LayoutDirection.LeftToRight:
            line = self._label.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, self.text())
            text.setWidth(min(text.width(), line.width()))
        return text.adjusted(-Space.TINY, -Space.TINY, Space.TINY, Space.TINY)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The indicator next to the first line, and a frame around the text with the focus."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        line = self._label.fontMetrics().height() + 2 * Space.TINY
        option.rect.setHeight(line)
        option.text = ""
        painter = QPainter(self)
        self.style().drawControl(QStyle.ControlElement.CE_CheckBox, option, painter, self)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colours_of(self).accent), 2))
            painter.drawRoundedRect(QRectF(self._framed()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()
