"""Navigation: moves along the flow, and shows its pages and the overlays."""

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from mailsetup.assistant.flow import BEFORE, TRANSIENT, Flow, Move, Page
from mailsetup.gui.header_footer import Footer, Header
from mailsetup.gui.page import Overlay, OverlayPage, PageView
from mailsetup.gui.page_area import Card
from mailsetup.gui.page_stack import PageStack, set_tab_order
from mailsetup.gui.pages.factory import make_overlay
from mailsetup.gui.services import Services
from mailsetup.gui.widgets.basic import announce

_PAINT_DELAY = 30
"""Milliseconds after which a new page is painted."""
_READING_TIME = 300
"""Milliseconds in which Enter was meant for the page before, not for what was found."""


class Navigator(QObject):
    """Asks the flow which page follows, and shows it between header and footer."""

    def __init__(self, services: Services, header: Header, footer: Footer) -> None:
        super().__init__()
        self._services = services
        self._header = header
        self._footer = footer
        self.flow = Flow(services.state)
        self.pages = PageStack(services)
        self.area = Card(self.pages)
        self._overlay: Overlay | None = None
        self._focus_below: QWidget | None = None
        """The page's focus widget while an overlay is shown."""
        # Making a page takes much of the time that showing one may take.
        self.making_ahead = QTimer(self, singleShot=True, interval=_PAINT_DELAY)
        self.making_ahead.timeout.connect(self._make_ahead)
        self.reading_timer = QTimer(self, singleShot=True, interval=_READING_TIME)
        """Active until the user can have read which servers were found."""
        self.pages.page_moved.connect(self._page_moved)
        self.pages.page_changed.connect(self._page_changed)
        self.pages.overlay_requested.connect(self.open_overlay)
        services.programs.busy_changed.connect(self.refresh_footer)
        services.demo.opened.connect(self._demo_opened)
        services.warm_up.ready.connect(self.making_ahead.start)
        footer.back.clicked.connect(self.go_back)
        footer.cancel.clicked.connect(self.cancel_step)
        footer.primary.clicked.connect(self.go_on)
        header.about.clicked.connect(self.show_about)

    # The flow -------------------------------------------------------------------------------

    @property
    def shown(self) -> PageView:
        """The page or overlay that is visible."""
        return self._overlay or self.pages.view(self.flow.page)

    @Slot()
    def go_on(self) -> None:
        """The primary button."""
        view = self.shown
        if self._overlay is not None:
            self.close_overlay()
        elif view.primary_text() and self._is_ready(view) and view.leave():
            self._move(view.primary_move())

    @Slot()
    def go_back(self) -> None:
        """Show the page before this one; a running job is cancelled."""
        if not self._stop_here():
            if self.flow.page in TRANSIENT:
                self._move(Move.CANCEL)
                return
            self.shown.store_typed()
            self.flow.back()
            self.show_page()

    @Slot()
    def cancel_step(self) -> None:
        """Cancel a running job; on other pages go back to the beginning."""
        if not self._stop_here() and self._can_cancel(self.shown):
            self._move(Move.CANCEL)

    def _stop_here(self) -> bool:
        """Close the overlay, or cancel the job. True where nothing else follows."""
        if self._overlay is not None:
            self.close_overlay()
            return True
        self._services.cancel_jobs()
        return self.shown.interrupt()

    @Slot(object, object)
    def _page_moved(self, page: Page, move: Move) -> None:
        if page is self.flow.page:
            self._services.cancel_jobs()
            self._move(move)

    def _move(self, move: Move) -> None:
        before = self.flow.page
        view = self.pages.view(before)
        view.store_typed()
        if self.flow.move(move) is before:
            view.show_again()
            return
        self.show_page()
        if (before, self.flow.page) == (Page.SEARCHING, Page.FOUND):
            self.reading_timer.start()
        self.pages.view(self.flow.page).start_jobs()

    def show_page(self) -> None:
        """Show the flow's current page, below an open overlay."""
        view = self.pages.view(self.flow.page)
        self._services.log.note(f"page: {self.flow.page}")
        view.ensure_language()
        view.enter()
        self._header.steps.show_step(self.flow.step)
        if self._overlay is None:
            self._present(view)

    def _present(self, view: PageView) -> None:
        self.pages.show_only(view)
        self.area.show_top()
        self._header.show_steps(self._overlay is None and self.flow.page not in BEFORE)
        self.refresh_footer()
        self._set_tab_order(view)
        primary = self._footer.primary if view.primary_text() else self._footer.cancel
        (view.first_focus() or primary).setFocus()
        announce(view, view.announcement())
        self.making_ahead.start()

    @Slot(object)
    def _page_changed(self, view: PageView) -> None:
        self.refresh_footer()
        if view is self.shown:
            self._set_tab_order(view)

    def _set_tab_order(self, view: PageView) -> None:
        set_tab_order(view, (*self._footer.in_order, *self._header.in_order))

    @Slot()
    def refresh_footer(self) -> None:
        """Show the buttons that the page has now."""
        if self._overlay is not None:
            self._footer.show_primary_only(self._overlay.primary_text())
            return
        view = self.pages.existing(self.flow.page)
        if view is None:
            return
        self._footer.show_buttons(
            view.primary_text(),
            is_ready=self._is_ready(view),
            can_go_back=self.flow.can_go_back or self.flow.page in TRANSIENT,
            can_cancel=self._can_cancel(view),
            is_demo=bool(self._services.state.demo.people),
        )

    def _is_ready(self, view: PageView) -> bool:
        return view.is_ready() and not self._services.programs.busy

    def _can_cancel(self, view: PageView) -> bool:
        return self.flow.can(Move.CANCEL) and view.can_be_cancelled()

    @Slot()
    def _demo_opened(self) -> None:
        if self._services.state.demo.problem or self.flow.page is not Page.WELCOME:
            self.pages.view(self.flow.page).show_again()
        else:
            self._move(Move.NEXT)

    @Slot()
    def _make_ahead(self) -> None:
        # Not while a job runs: two threads that need Python delay each other.
        if (
            self._services.warm_up.is_done
            and self.flow.page not in TRANSIENT
            and self.pages.make_first_missing(self.flow.ahead)
        ):
            # One at a time: between two of them mouse and keyboard are handled.
            self.making_ahead.start()

    # Overlays -------------------------------------------------------------------------------

    @Slot()
    def show_about(self) -> None:
        """About the program, over the page that is shown."""
        self.open_overlay(OverlayPage.ABOUT)

    @Slot(object)
    def open_overlay(self, kind: OverlayPage) -> None:
        """Show an overlay in place of the one that is open; the page below is not affected."""
        before = self._overlay
        if before is not None and before.kind is kind:
            return
        self._overlay = overlay = make_overlay(kind, self._services)
        if before is not None:
            self.pages.remove(before)
        else:
            self._focus_below = self.pages.view(self.flow.page).focusWidget()
        self.pages.add(overlay)
        overlay.enter()
        self._present(overlay)

    def close_overlay(self) -> None:
        """Show the flow's current page again."""
        overlay, self._overlay = self._overlay, None
        if overlay is None:
            return
        view = self.pages.view(self.flow.page)
        view.ensure_language()
        self._present(view)
        self.pages.remove(overlay)
        focus, self._focus_below = self._focus_below, None
        # A page may have deleted the widget meanwhile.
        if focus is not None and isValid(focus) and view.isAncestorOf(focus) and focus.isVisible():
            focus.setFocus()

    # For the window -------------------------------------------------------------------------

    @property
    def is_enter_too_early(self) -> bool:
        """Whether the user cannot have read the page yet."""
        return self._overlay is None and self.reading_timer.isActive()

    def release_pages(self) -> None:
        """The style is about to change: delete what can be made again."""
        self.pages.drop_all_but(self.flow.page)
        self.pages.view(self.flow.page).release()

    def rebuild_page(self) -> None:
        """The style has changed: make the current page's widgets again."""
        self.pages.view(self.flow.page).rebuild()
        self.making_ahead.start()

    def retranslate(self) -> None:
        """Set the visible texts in the current language."""
        self.shown.ensure_language()
        self._header.steps.show_step(self.flow.step)
        self.refresh_footer()
