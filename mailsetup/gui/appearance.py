"""What the program wears now: it follows the system's scheme and contrast while it runs."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from mailsetup.gui.theme import apply_theme, is_dark

TEXT_SIZES = (100, 115, 130, 150, 175, 200)
"""In percent of the system's own."""


class Appearance(QObject):
    """One an application. The person's wishes for text size and contrast come on top."""

    changing = Signal()
    """Everything is about to be dressed anew: what is not shown had better go."""
    changed = Signal()

    def __init__(
        self, application: QApplication, dark_now: Callable[[QApplication], bool] = is_dark
    ) -> None:
        super().__init__(application)
        self.dark_now = dark_now
        """Whether the system is dark; asked again whenever it says that something changed."""
        self._application = application
        self._base = QFont(application.font())
        self._size = self._worn_size = TEXT_SIZES[0]
        self._more_contrast = False
        # Kept, because PySide lets go of what hangs on these hints together with them.
        self._hints = application.styleHints()
        self._hints.colorSchemeChanged.connect(self.follow)
        # Qt tells about contrast since 6.10.
        self._tells_contrast = hasattr(self._hints, "accessibility")
        if self._tells_contrast:
            self._hints.accessibility().contrastPreferenceChanged.connect(self.follow)
        self._pending = False
        self._dress()

    @classmethod
    def of(cls, application: QApplication) -> "Appearance":
        """The application's look, made when it is first asked for."""
        known = application.findChild(cls)
        return known if isinstance(known, cls) else cls(application)

    @Slot()
    def follow(self) -> None:
        """Dress as the system and the person want it, once whatever is to go has gone."""
        if not self._pending:
            self._pending = True
            self.changing.emit()
            QTimer.singleShot(0, self._dress)

    @Slot()
    def _dress(self) -> None:
        self._pending = False
        if self._size != self._worn_size:
            self._worn_size = self._size
            self._application.setFont(self._font())
        dark = self.dark_now(self._application)
        apply_theme(self._application, dark=dark, contrast=self.wants_contrast)
        self.changed.emit()

    @property
    def system_contrast(self) -> bool:
        """Whether the system asks for high contrast."""
        if not self._tells_contrast:
            return False
        wanted = self._hints.accessibility().contrastPreference()
        return wanted == Qt.ContrastPreference.HighContrast

    @property
    def wants_contrast(self) -> bool:
        """Whether the system or the person asks for high contrast."""
        return self._more_contrast or self.system_contrast

    @property
    def more_contrast(self) -> bool:
        """Whether the person asks for it."""
        return self._more_contrast

    def set_more_contrast(self, wanted: bool) -> None:
        """The person's wish; without it the system's counts."""
        if wanted != self._more_contrast:
            self._more_contrast = wanted
            self.follow()

    @property
    def text_size(self) -> int:
        """In percent of the system's own; one of `TEXT_SIZES`."""
        return self._size

    def set_text_size(self, percent: int) -> None:
        """The nearest of `TEXT_SIZES` from now on."""
        wanted = min(TEXT_SIZES, key=lambda known: abs(known - percent))
        if wanted == self._size:
            return
        self._size = wanted
        self.follow()

    def step_text_size(self, steps: int) -> None:
        """So many sizes larger, or smaller where it is negative."""
        place = TEXT_SIZES.index(self._size) + steps
        self.set_text_size(TEXT_SIZES[min(max(place, 0), len(TEXT_SIZES) - 1)])

    def _font(self) -> QFont:
        font = QFont(self._base)
        if font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() * self._size / 100)
        else:
            font.setPixelSize(round(font.pixelSize() * self._size / 100))
        return font
