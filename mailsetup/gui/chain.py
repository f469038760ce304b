"""The chain, drawn: hosting → account → DNS → program."""

import itertools
from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mailsetup.assistant.wording import link_meaning, link_name, status_word
from mailsetup.gui.icons import icon
from mailsetup.gui.theme import Space, Type, colours_of, scaled
from mailsetup.gui.widgets import PlainLabel
from mailsetup.i18n import _
from mailsetup.model.finding import Link, Status

_CIRCLE = 54
_SIGN = 20


class Light(StrEnum):
    """How a link is lit: its status, or that something is going on."""

    UNKNOWN = "unknown"
    WORKING = "working"
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class ChainLink(QAbstractButton):
    """One link: icon, name and a sign, so that colour is never all there is."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self.link = link
        self._light = Light.UNKNOWN
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.retranslate()

    @property
    def light(self) -> Light:
        """How it is lit."""
        return self._light

    def set_light(self, light: Light) -> None:
        """Light it anew."""
        self._light = light
        self.retranslate()
        self.update()

    def retranslate(self) -> None:
        """Name and state, for the eye and for the screen reader."""
        state = _("working on it") if self._light is Light.WORKING else status_word(self.status)
        self.setText(link_name(self.link))
        self.setAccessibleName(f"{link_name(self.link)}: {state}")
        self.setAccessibleDescription(link_meaning(self.link))

    @property
    def status(self) -> Status:
        """The status behind the light."""
        return Status.UNKNOWN if self._light is Light.WORKING else Status(self._light)

    def sizeHint(self) -> QSize:
        text = self.fontMetrics().size(0, self.text())
        return QSize(
            max(_CIRCLE + 24, text.width() + 12), _CIRCLE + Space.SMALL + text.height() + 6
        )

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def circle(self) -> QRectF:
        """Where the icon is."""
        return QRectF((self.width() - _CIRCLE) / 2, 3, _CIRCLE, _CIRCLE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        c = colours_of(self)
        colour = {
            Light.UNKNOWN: c.muted,
            Light.WORKING: c.accent,
            Light.OK: c.ok,
            Light.WARN: c.warn,
            Light.FAIL: c.fail,
        }[self._light]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = self.circle()
        painter.setPen(QPen(QColor(colour), 2.2 if self._light is not Light.UNKNOWN else 1.4))
        painter.setBrush(QColor(c.card))
        painter.drawEllipse(circle)
        icon(str(self.link), colour).render(painter, circle.adjusted(14, 14, -14, -14))
        self._draw_sign(painter, circle, colour, c.card)
        painter.setPen(QColor(c.text))
        below = QRectF(
            0, _CIRCLE + Space.SMALL, self.width(), self.height() - _CIRCLE - Space.SMALL
        )
        painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter), self.text())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(c.text), 1.4, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        painter.end()

    def _draw_sign(self, painter: QPainter, circle: QRectF, colour: str, ground: str) -> None:
        if self._light is Light.UNKNOWN:
            return
        centre = circle.bottomRight() - QPointF(7, 7)
        painter.setPen(QPen(QColor(ground), 2))
        painter.setBrush(QColor(colour))
        painter.drawEllipse(centre, _SIGN / 2, _SIGN / 2)
        pen = QPen(QColor(ground), 2.2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        x, y = centre.x(), centre.y()
        path = QPainterPath()
        match self._light:
            case Light.OK:
                path.moveTo(x - 4, y)
                path.lineTo(x - 1, y + 3.2)
                path.lineTo(x + 4.2, y - 3.4)
            case Light.FAIL:
                path.moveTo(x - 3, y - 3)
                path.lineTo(x + 3, y + 3)
                path.moveTo(x + 3, y - 3)
                path.lineTo(x - 3, y + 3)
            case Light.WARN:
                path.moveTo(x, y - 4)
                path.lineTo(x, y + 0.8)
                path.moveTo(x, y + 4)
                path.lineTo(x, y + 4.1)
            case _:
                for dx in (-3.6, 0, 3.6):
                    path.moveTo(x + dx, y)
                    path.lineTo(x + dx, y + 0.1)
        painter.drawPath(path)


class _Links(QWidget):
    """The links in a row, and the line that joins them."""

    def __init__(self, links: list[ChainLink]) -> None:
        super().__init__()
        self._links = links
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for link in links:
            row.addWidget(link)

    def paintEvent(self, _event: QPaintEvent) -> None:
        c = colours_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ordered = sorted(self._links, key=lambda link: link.x())
        for left, right in itertools.pairwise(ordered):
            good = left.light is Light.OK and right.light in (Light.OK, Light.WARN, Light.WORKING)
            painter.setPen(QPen(QColor(c.ok if good else c.border), 2))
            y = left.y() + left.circle().center().y()
            start = left.x() + left.circle().right() + 4
            painter.drawLine(QPointF(start, y), QPointF(right.x() + right.circle().left() - 4, y))
        painter.end()


class ChainView(QWidget):
    """The whole chain; a link that is touched explains itself below."""

    explained = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._links = {link: ChainLink(link) for link in Link}
        self._explanation = PlainLabel(role="muted", size=Type.SMALL)
        self._explanation.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._shown: Link | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.SMALL)
        self._row = _Links(list(self._links.values()))
        layout.addWidget(self._row)
        layout.addWidget(self._explanation)
        for link, button in self._links.items():
            button.clicked.connect(lambda _checked=False, link=link: self.explain(link))
            button.setFont(scaled(button.font(), Type.BODY))
        self.retranslate()

    def light(self, link: Link) -> Light:
        """How a link is lit."""
        return self._links[link].light

    def set_light(self, link: Link, light: Light) -> None:
        """Light one link."""
        self._links[link].set_light(light)
        self._row.update()

    def set_status(self, link: Link, status: Status) -> None:
        """Light one link by its status."""
        self.set_light(link, Light(str(status)))

    def reset(self) -> None:
        """All links unlit."""
        for link in Link:
            self.set_light(link, Light.UNKNOWN)

    def explain(self, link: Link) -> None:
        """Show what a link is."""
        self._shown = link
        self._explanation.setText(f"{link_name(link)}: {link_meaning(link)}")

    def retranslate(self) -> None:
        """Texts in the current language."""
        for button in self._links.values():
            button.retranslate()
        if self._shown is None:
            self._explanation.setText(_("Touch a link to see what it is."))
        else:
            self.explain(self._shown)
