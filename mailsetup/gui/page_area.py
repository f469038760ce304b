"""What surrounds every page: the bar of steps, and the scrolled card with the pages."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from mailsetup.assistant.flow import STEPS
from mailsetup.gui.icons import icon
from mailsetup.gui.theme import CARD_WIDTH, Space, Type, colours_of, scaled
from mailsetup.i18n import _

_DOT = 22
"""The circle of a step, in logical pixels; it grows with the text."""

_LAYOUTS = ((True, Space.LARGE), (False, Space.LARGE), (False, Space.SMALL))
"""All names or the current one only, and the space between two steps: the first that fits."""


class StepsBar(QWidget):
    """Numbered circles joined by a line, with names as far as there is space."""

    def __init__(self) -> None:
        super().__init__()
        self._current = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_step(self, current: int) -> None:
        """Mark the current step."""
        self._current = current
        self.setAccessibleName(
            _("Step {number} of {count}: {name}").format(
                number=current + 1, count=len(STEPS), name=self.names[current]
            )
        )
        self.update()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the steps."""
        return (_("Address"), _("Servers"), _("Password"), _("Test"), _("Program"))

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(sum(self._widths(*_LAYOUTS[0])), self._dot + 2 * Space.TINY)

    def minimumSizeHint(self) -> QSize:
        """The circles and the name of the current step."""
        return QSize(sum(self._widths(*_LAYOUTS[-1])), self.sizeHint().height())

    @property
    def _dot(self) -> int:
        return max(_DOT, round(self.fontMetrics().height() * 1.35))

    def _widths(self, all_names: bool, gap: int) -> list[int]:
        """The width of each step, including the line to the next one."""
        widths = []
        for index, name in enumerate(self.names):
            font = scaled(self.font(), Type.SMALL, bold=index == self._current)
            named = all_names or index == self._current
            width = QFontMetrics(font).horizontalAdvance(name) + Space.SMALL if named else 0
            last = index == len(self.names) - 1
            widths.append(self._dot + width + (0 if last else gap))
        return widths

    def paintEvent(self, _event: QPaintEvent) -> None:
        c = colours_of(self)
        fitting = (one for one in _LAYOUTS if sum(self._widths(*one)) <= self.width())
        all_names, between = next(fitting, _LAYOUTS[-1])
        widths = self._widths(all_names, between)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        dot, x, top = self._dot, 0, (self.height() - self._dot) / 2
        for index, (name, width) in enumerate(zip(self.names, widths, strict=True)):
            here, past = index == self._current, index < self._current

            def placed(left: float, wide: float) -> QRectF:
                start = self.width() - left - wide if mirrored else left
                return QRectF(start, top, wide, dot)

            circle = placed(x, dot)
            painter.setPen(QPen(QColor(c.accent if here or past else c.border), 1.6))
            painter.setBrush(QColor(c.accent if here else c.soft if past else c.ground))
            painter.drawEllipse(circle.adjusted(1, 1, -1, -1))
            painter.setFont(scaled(self.font(), Type.SMALL, bold=here))
            if past:
                inner = circle.adjusted(dot * 0.24, dot * 0.24, -dot * 0.24, -dot * 0.24)
                icon("tick", c.accent).render(painter, inner)
            else:
                painter.setPen(QColor(c.on_accent if here else c.muted))
                painter.drawText(circle, int(Qt.AlignmentFlag.AlignCenter), str(index + 1))
            gap = 0 if index == len(widths) - 1 else between
            if all_names or here:
                painter.setPen(QColor(c.text if here else c.muted))
                room = placed(x + dot + Space.TINY, width - dot - gap - Space.TINY)
                painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), name)
            if gap:
                painter.setPen(QPen(QColor(c.border), 1.2))
                line = placed(x + width - gap * 0.8, gap * 0.6)
                middle = circle.center().y()
                painter.drawLine(QPointF(line.left(), middle), QPointF(line.right(), middle))
            x += width
        painter.end()


class Ground(QWidget):
    """The scrolled widget, as high as its wrapped texts need at the current width.

    QScrollArea asks for that height only when its own size changes, not when a text does.
    """

    def event(self, event: QEvent) -> bool:
        """Adapt the height after every change of the layout."""
        handled = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            needed = max(self.heightForWidth(self.width()), 0)
            if needed != self.minimumHeight():
                self.setMinimumHeight(needed)
        return handled


class Card(QScrollArea):
    """The pages on a centred card, scrolled where they are too high."""

    def __init__(self, pages: QWidget) -> None:
        super().__init__()
        card = QWidget()
        card.setObjectName("card")
        card.setMaximumWidth(CARD_WIDTH)
        inner = QVBoxLayout(card)
        inner.setContentsMargins(Space.HUGE, Space.LARGE, Space.HUGE, Space.LARGE)
        inner.addWidget(pages)
        ground = Ground()
        ground.setObjectName("ground")
        middle = QHBoxLayout(ground)
        middle.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.SMALL)
        middle.addStretch(1)
        middle.addWidget(card, 100)
        middle.addStretch(1)
        self.setWidgetResizable(True)
        self.setWidget(ground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_top(self) -> None:
        """Scroll to the top."""
        self.verticalScrollBar().setValue(0)
