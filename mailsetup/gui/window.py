"""The window: shows the flow's pages, and the bars around them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from mailsetup.assistant.flow import Page
from mailsetup.assistant.wizard_state import ComputerFacts, DemoPerson, DemoState, WizardState
from mailsetup.gui.appearance import Appearance
from mailsetup.gui.dialogs import Dialogs
from mailsetup.gui.header_footer import Footer, Header
from mailsetup.gui.navigator import Navigator
from mailsetup.gui.pages.factory import load_pages
from mailsetup.gui.preferences import Preferences
from mailsetup.gui.services import Services
from mailsetup.gui.theme import refit_type
from mailsetup.gui.widgets.basic import announce, without_margins
from mailsetup.i18n import _, language, set_language

if TYPE_CHECKING:
    from mailsetup.apply.installation import Computer
    from mailsetup.assistant.service import Assistant

_START_SIZE = QSize(880, 680)
_MINIMUM_SIZE = QSize(480, 420)
_WARM_UP_DELAY = 300
"""Milliseconds until the first picture is painted; importing earlier would delay it."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Window(QWidget):
    """The whole wizard. ``make_assistant`` is called in the worker thread; mail programs are set up
    on ``computer`` (this one without it)."""

    def __init__(
        self,
        make_assistant: "Callable[[], Assistant]",
        demo: tuple[DemoPerson, ...] = (),
        *,
        preferences: Preferences | None = None,
        dialogs: Dialogs | None = None,
        computer: "Computer | None" = None,
    ) -> None:
        super().__init__()
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            raise TypeError("a window needs an application")
        self.appearance = Appearance.of(application)
        self.state = WizardState(computer=ComputerFacts(computer), demo=DemoState(demo))
        self.services = Services(
            make_assistant,
            self.state,
            preferences or Preferences(),
            dialogs or Dialogs(),
            self.appearance,
        )
        self._was_shown = False
        self._restore_appearance()
        self._build()
        self._connect()
        self.navigator.show_page()
        self.retranslate()
        self._restore_size()

    def begin_at_address(self) -> None:
        """Show the page that asks for the address first, with what the state has for it."""
        self.navigator.flow.restart(Page.START)
        self.navigator.show_page()

    # Layout ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self.setMinimumSize(_MINIMUM_SIZE)
        self.header = Header(language())
        self.footer = Footer()
        self.navigator = Navigator(self.services, self.header, self.footer)
        self.flow, self.pages = self.navigator.flow, self.navigator.pages
        column = without_margins(QVBoxLayout(self), 0)
        column.addWidget(self.header)
        column.addWidget(self.navigator.area, 1)
        column.addWidget(self.footer)

    def _connect(self) -> None:
        header = self.header
        header.smaller.clicked.connect(lambda: self._change_text_size(-1))
        header.larger.clicked.connect(lambda: self._change_text_size(1))
        header.languages.currentIndexChanged.connect(self._switch_language)
        # On some desktops Enter presses the focused button, as the space bar does.
        self.footer.primary.installEventFilter(self)
        self.appearance.changing.connect(self._appearance_changing)
        self.appearance.changed.connect(self._appearance_changed)
        for keys, act in (
            (QKeySequence.StandardKey.ZoomIn, lambda: self._change_text_size(1)),
            (QKeySequence.StandardKey.ZoomOut, lambda: self._change_text_size(-1)),
            (QKeySequence.StandardKey.HelpContents, self.navigator.show_about),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    def _restore_size(self) -> None:
        saved = self.services.preferences.geometry
        if saved is not None and self.restoreGeometry(saved):
            return
        available = self.screen().availableGeometry().size() * 0.9
        self.resize(_START_SIZE.boundedTo(available))

    def _restore_appearance(self) -> None:
        preferences = self.services.preferences
        if preferences.more_contrast:
            self.appearance.set_more_contrast(True)
        if preferences.text_size != self.appearance.text_size and preferences.is_stored:
            self.appearance.set_text_size(preferences.text_size)

    def showEvent(self, event: QShowEvent) -> None:
        """On the screen for the first time: load the rest soon."""
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            QTimer.singleShot(_WARM_UP_DELAY, lambda: self.services.warm_up.start(load_pages))

    # Language and appearance ----------------------------------------------------------------

    @Slot(int)
    def _switch_language(self, index: int) -> None:
        set_language(self.header.languages.itemData(index))
        self.services.preferences.store_language(language())
        self.retranslate()

    def retranslate(self) -> None:
        """Set every visible text in the current language; hidden pages follow when shown."""
        self.setWindowTitle("mailsetup")
        self.header.retranslate()
        self.footer.retranslate()
        self.navigator.retranslate()

    def _change_text_size(self, steps: int) -> None:
        appearance = self.appearance
        appearance.step_text_size(steps)
        self.services.preferences.store_appearance(
            text_size=appearance.text_size, more_contrast=appearance.more_contrast
        )
        announce(self, _("Text size: {percent} %").format(percent=appearance.text_size))

    def changeEvent(self, event: QEvent) -> None:
        """The application's font may change while the window is open."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._appearance_changed()

    @Slot()
    def _appearance_changed(self) -> None:
        refit_type(self)
        self.header.draw_icons()
        self.navigator.rebuild_page()
        QTimer.singleShot(0, self, lambda: self.setUpdatesEnabled(True))

    @Slot()
    def _appearance_changing(self) -> None:
        # Styling, layout and painting follow in separate turns of the event loop.
        self.setUpdatesEnabled(False)
        self.navigator.release_pages()

    # Keys, end ------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """An Enter that comes too early must not press the focused primary button either."""
        if watched is self.footer.primary and isinstance(event, QKeyEvent):
            pressed = event.type() == QEvent.Type.KeyPress and event.key() in _ENTER
            if pressed and self._is_too_early(event):
                return True
        return super().eventFilter(watched, event)

    def _is_too_early(self, enter: QKeyEvent) -> bool:
        """Whether Enter is held down, or was pressed before the user can have read the page."""
        return enter.isAutoRepeat() or self.navigator.is_enter_too_early

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter is the primary button, Escape cancels."""
        if event.key() in _ENTER:
            if not self._is_too_early(event):
                self.navigator.go_on()
        elif event.key() == Qt.Key.Key_Escape:
            self.navigator.cancel_step()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End all jobs, then close."""
        self.navigator.making_ahead.stop()
        self.services.close()
        self.services.preferences.store_geometry(self.saveGeometry())
        super().closeEvent(event)
