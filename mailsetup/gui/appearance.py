"""The appearance: it follows the system's colour scheme and contrast while the program runs."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from mailsetup.gui.theme import apply_theme, is_dark

TEXT_SIZES = (100, 115, 130, 150, 175, 200)
"""In percent of the system's own."""


class Appearance(QObject):
    """One for the application. The user can choose text size and contrast in addition."""

    changing = Signal()
    """All widgets are about to be updated: delete hidden ones before."""
    changed = Signal()

    def __init__(
        self, application: QApplication, dark_now: Callable[[QApplication], bool] = is_dark
    ) -> None:
        super().__init__(application)
        self.dark_now = dark_now
        """Whether the system is dark; asked again after each of its signals."""
        self._application = application
        self._base = QFont(application.font())
        self._size = self._applied_size = TEXT_SIZES[0]
        self._more_contrast = False
        # Stored, because PySide drops the connections together with its wrapper of these hints.
        self._hints = application.styleHints()
        self._hints.colorSchemeChanged.connect(self.follow)
        # Qt reports the contrast since 6.10.
        self._has_contrast = hasattr(self._hints, "accessibility")
        if self._has_contrast:
            self._hints.accessibility().contrastPreferenceChanged.connect(self.follow)
        self._pending = False
        self._apply()

    @classmethod
    def of(cls, application: QApplication) -> "Appearance":
        """The application's appearance, made when first needed."""
        known = application.findChild(cls)
        return known if isinstance(known, cls) else cls(application)

    @Slot()
    def follow(self) -> None:
        """Apply the appearance in the next turn of the event loop, after `changing`."""
        if not self._pending:
            self._pending = True
            self.changing.emit()
            QTimer.singleShot(0, self._apply)

    @Slot()
    def _apply(self) -> None:
        self._pending = False
        if self._size != self._applied_size:
            self._applied_size = self._size
            self._application.setFont(self._font())
        dark = self.dark_now(self._application)
        apply_theme(self._application, dark=dark, contrast=self.wants_contrast)
        self.changed.emit()

    @property
    def system_contrast(self) -> bool:
        """Whether the system asks for high contrast."""
        if not self._has_contrast:
            return False
        wanted = self._hints.accessibility().contrastPreference()
        return wanted == Qt.ContrastPreference.HighContrast

    @property
    def wants_contrast(self) -> bool:
        """Whether the system or the user asks for high contrast."""
        return self._more_contrast or self.system_contrast

    @property
    def more_contrast(self) -> bool:
        """Whether the user asks for it."""
        return self._more_contrast

    def set_more_contrast(self, wanted: bool) -> None:
        """The user's choice; without it the system decides."""
        if wanted != self._more_contrast:
            self._more_contrast = wanted
            self.follow()

    @property
    def text_size(self) -> int:
        """In percent of the system's own; one of `TEXT_SIZES`."""
        return self._size

    def set_text_size(self, percent: int) -> None:
        """Use the nearest of `TEXT_SIZES`."""
        wanted = min(TEXT_SIZES, key=lambda known: abs(known - percent))
        if wanted == self._size:
            return
        self._size = wanted
        self.follow()

    def step_text_size(self, steps: int) -> None:
        """Use a size that is larger by ``steps``, or smaller for a negative number."""
        place = TEXT_SIZES.index(self._size) + steps
        self.set_text_size(TEXT_SIZES[min(max(place, 0), len(TEXT_SIZES) - 1)])

    def _font(self) -> QFont:
        font = QFont(self._base)
        if font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() * self._size / 100)
        else:
            font.setPixelSize(round(font.pixelSize() * self._size / 100))
        return font
