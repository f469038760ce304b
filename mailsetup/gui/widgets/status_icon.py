"""Icons for a status: the shape shows it, the colour repeats it."""

from enum import StrEnum

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from mailsetup.assistant.texts.common import status_word
from mailsetup.gui.theme import Colours, colours_of
from mailsetup.i18n import _
from mailsetup.model.finding import Status


class StatusLight(StrEnum):
    """A status, or that it is being checked."""

    UNKNOWN = "unknown"
    WORKING = "working"
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"

    @property
    def word(self) -> str:
        """The meaning, for a screen reader."""
        return _("working on it") if self is StatusLight.WORKING else status_word(Status(self))

    def colour(self, scheme: Colours) -> str:
        """Its colour in a scheme."""
        return {
            StatusLight.UNKNOWN: scheme.muted,
            StatusLight.WORKING: scheme.accent,
            StatusLight.OK: scheme.ok,
            StatusLight.WARN: scheme.warn,
            StatusLight.FAIL: scheme.fail,
        }[self]


def draw_status(
    painter: QPainter, centre: QPointF, radius: float, light: StatusLight, scheme: Colours
) -> None:
    """A filled circle with a tick, a cross, an exclamation mark, dots, or a dash."""
    colour, ground = QColor(light.colour(scheme)), QColor(scheme.card)
    painter.setPen(QPen(ground, 2))
    painter.setBrush(colour)
    painter.drawEllipse(centre, radius, radius)
    pen = QPen(ground, radius * 0.22)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    path = QPainterPath()

    def line(*points: tuple[float, float]) -> None:
        placed = [centre + QPointF(x, y) * radius for x, y in points]
        path.moveTo(placed[0])
        for point in placed[1:]:
            path.lineTo(point)

    match light:
        case StatusLight.OK:
            line((-0.42, 0.02), (-0.1, 0.34), (0.44, -0.34))
        case StatusLight.FAIL:
            line((-0.32, -0.32), (0.32, 0.32))
            line((0.32, -0.32), (-0.32, 0.32))
        case StatusLight.WARN:
            line((0, -0.44), (0, 0.08))
            line((0, 0.42), (0, 0.43))
        case StatusLight.WORKING:
            for x in (-0.4, 0, 0.4):
                line((x, 0), (x, 0.01))
        case StatusLight.UNKNOWN:
            line((-0.36, 0), (0.36, 0))
    painter.drawPath(path)


class StatusIcon(QWidget):
    """One icon, as high as a line of text; a text stands next to it."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self._light = StatusLight.UNKNOWN
        self._scale = scale
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def light(self) -> StatusLight:
        """The current light."""
        return self._light

    def set_light(self, light: StatusLight) -> None:
        """Show another light."""
        self._light = light
        self.setAccessibleName(light.word)
        self.update()

    def sizeHint(self) -> QSize:
        """A square."""
        side = round(self.fontMetrics().height() * 1.25 * self._scale)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QPointF(self.width() / 2, self.height() / 2)
        draw_status(painter, centre, self.width() / 2 - 1.5, self._light, colours_of(self))
        painter.end()
