"""The chain as a picture: hosting → account → DNS → program."""

import itertools

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mailsetup.assistant.texts.common import link_meaning, link_name
from mailsetup.gui.icons import icon
from mailsetup.gui.theme import Space, Type, colours_of
from mailsetup.gui.widgets.basic import PlainLabel, announce, without_margins
from mailsetup.gui.widgets.status_icon import StatusLight, draw_status
from mailsetup.i18n import _
from mailsetup.model.finding import Link, Status

_CIRCLE = 54


class ChainLinkState(QAbstractButton):
    """One link: icon, name and a status icon, so that colour is not the only sign."""

    touched = Signal()
    """The mouse or the keyboard focus reached it."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self.link = link
        self._light = StatusLight.UNKNOWN
        self._chosen = False
        self.clicked.connect(self.touched)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.retranslate()

    @property
    def light(self) -> StatusLight:
        """The current light."""
        return self._light

    def set_light(self, light: StatusLight) -> None:
        """Set the light."""
        self._light = light
        self.retranslate()
        self.update()

    def set_chosen(self, chosen: bool) -> None:
        """Mark the link that is explained below."""
        self._chosen = chosen
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Explain it without a click, too."""
        super().enterEvent(event)
        self.touched.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard focus works like the mouse."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.touched.emit()

    def retranslate(self) -> None:
        """Set name and status, visible and for the screen reader."""
        self.setText(link_name(self.link))
        self.setAccessibleName(f"{link_name(self.link)}: {self._light.word}")
        self.setAccessibleDescription(link_meaning(self.link))

    @property
    def _circle(self) -> int:
        """The size that icon and text need."""
        return max(_CIRCLE, round(self.fontMetrics().height() * 3.2))

    def sizeHint(self) -> QSize:
        text = self.fontMetrics().size(0, self.text())
        return QSize(
            max(self._circle + 24, text.width() + 12),
            self._circle + Space.SMALL + text.height() + 6,
        )

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def circle(self) -> QRectF:
        """The rectangle of the icon."""
        return QRectF((self.width() - self._circle) / 2, 3, self._circle, self._circle)

    def paintEvent(self, _event: QPaintEvent) -> None:
        c = colours_of(self)
        colour = self._light.colour(c)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = self.circle()
        if self._chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.soft))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 0, -1, 0), 10, 10)
        painter.setPen(QPen(QColor(colour), 2.2 if self._light is not StatusLight.UNKNOWN else 1.4))
        painter.setBrush(QColor(c.card))
        painter.drawEllipse(circle)
        edge = circle.width() * 0.26
        icon(str(self.link), colour).render(painter, circle.adjusted(edge, edge, -edge, -edge))
        if self._light is not StatusLight.UNKNOWN:
            corner = circle.bottomRight() - QPointF(1, 1) * circle.width() * 0.13
            draw_status(painter, corner, circle.width() * 0.19, self._light, c)
        painter.setPen(QColor(c.text))
        top = self._circle + Space.SMALL
        below = QRectF(0, top, self.width(), self.height() - top)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter), self.text())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 10, 10)
        painter.end()


class _Links(QWidget):
    """The links in a row, and the line that joins them."""

    def __init__(self, links: list[ChainLinkState]) -> None:
        super().__init__()
        self._links = links
        row = without_margins(QHBoxLayout(self))
        for link in links:
            row.addWidget(link)

    def paintEvent(self, _event: QPaintEvent) -> None:
        c = colours_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for one, next_one in itertools.pairwise(self._links):
            lit = one.light is StatusLight.OK and next_one.light in (
                StatusLight.OK,
                StatusLight.WARN,
                StatusLight.WORKING,
            )
            painter.setPen(QPen(QColor(c.ok if lit else c.border), 2))
            left, right = sorted((one, next_one), key=lambda link: link.x())
            y = left.y() + left.circle().center().y()
            start = left.x() + left.circle().right() + 4
            painter.drawLine(QPointF(start, y), QPointF(right.x() + right.circle().left() - 4, y))
        painter.end()


class _Explanation(PlainLabel):
    """As high as its longest possible text, so that widgets below do not move."""

    def __init__(self) -> None:
        super().__init__(role="muted", size=Type.SMALL)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._may_come: list[str] = []

    def expect(self, texts: list[str]) -> None:
        """Set all possible texts."""
        self._may_come = texts
        self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        """The height of the highest text."""
        room, wrap = QRect(0, 0, width, 100_000), int(Qt.TextFlag.TextWordWrap)
        heights = [
            self.fontMetrics().boundingRect(room, wrap, text).height() for text in self._may_come
        ]
        return max([super().heightForWidth(width), *heights])


class ChainView(QWidget):
    """The whole chain; below it, the link that has the mouse or the focus is explained."""

    def __init__(self) -> None:
        super().__init__()
        self._links = {link: ChainLinkState(link) for link in Link}
        self._explanation = _Explanation()
        self._shown: Link | None = None
        layout = without_margins(QVBoxLayout(self), Space.SMALL)
        self._row = _Links(list(self._links.values()))
        layout.addWidget(self._row)
        layout.addWidget(self._explanation)
        for link, button in self._links.items():
            button.touched.connect(lambda link=link: self.explain(link))
        self.retranslate()

    def light(self, link: Link) -> StatusLight:
        """The light of a link."""
        return self._links[link].light

    def set_light(self, link: Link, light: StatusLight) -> None:
        """Set the light of a link."""
        self._links[link].set_light(light)
        self._row.update()
        self.setAccessibleName(self.summary)
        if link is self._shown:
            self._explanation.setText(self._words(link))

    def set_status(self, link: Link, status: Status) -> None:
        """Set the light of a link by its status."""
        self.set_light(link, StatusLight(str(status)))

    def reset(self) -> None:
        """All links unlit."""
        for link in Link:
            self.set_light(link, StatusLight.UNKNOWN)

    def explain(self, link: Link) -> None:
        """Show what a link is, and its status."""
        if link is self._shown:
            return
        self._shown = link
        for one, button in self._links.items():
            button.set_chosen(one is link)
        self._explanation.setText(self._words(link))
        announce(self, self._explanation.text())

    @property
    def explanation(self) -> str:
        """The text below the links."""
        return self._explanation.text()

    @property
    def summary(self) -> str:
        """The whole chain as a text."""
        links = " → ".join(button.accessibleName() for button in self._links.values())
        return _("The chain of your mail: {links}").format(links=links)

    def _words(self, link: Link) -> str:
        light = self.light(link)
        state = f" ({light.word})" if light is not StatusLight.UNKNOWN else ""
        return f"{link_name(link)}{state}: {link_meaning(link)}"

    def retranslate(self) -> None:
        """Texts in the current language."""
        for button in self._links.values():
            button.retranslate()
        self.setAccessibleName(self.summary)
        self._explanation.expect([f"{self._words(link)} ({_('working on it')})" for link in Link])
        if self._shown is None:
            self._explanation.setText(_("Touch a link to see what it is."))
        else:
            self._explanation.setText(self._words(self._shown))
