"""The pages of the window: made when needed, one of them visible."""

import itertools
from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mailsetup.assistant.flow import Move, Page
from mailsetup.gui.page import PageView
from mailsetup.gui.pages.factory import make_page
from mailsetup.gui.services import Services
from mailsetup.gui.widgets.basic import without_margins


class PageStack(QWidget):
    """Hidden pages take no space in the layout, unlike those of a QStackedWidget."""

    page_moved = Signal(object, object)
    """A `Page` and its `Move`."""
    page_changed = Signal(object)
    """A `PageView`."""
    overlay_requested = Signal(object)

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services
        self._column = without_margins(QVBoxLayout(self))
        self._pages: dict[Page, PageView] = {}
        self._views: list[PageView] = []

    def existing(self, page: Page) -> PageView | None:
        """The view of a page, if it was made."""
        return self._pages.get(page)

    def view(self, page: Page) -> PageView:
        """The view of a page, made when first needed."""
        known = self._pages.get(page)
        if known is not None:
            return known
        view = self._pages[page] = make_page(page, self._services)
        view.moved.connect(lambda move: self._forward(page, move))
        self.add(view)
        return view

    def _forward(self, page: Page, move: Move) -> None:
        self.page_moved.emit(page, move)

    def make_first_missing(self, pages: Iterable[Page]) -> bool:
        """Make one of these pages ahead of time; False where all exist."""
        missing = next((page for page in pages if page not in self._pages), None)
        if missing is None:
            return False
        self.view(missing)
        return True

    def drop_all_but(self, remaining: Page) -> None:
        """Delete the other pages; they are made again from the state when needed."""
        for page, view in list(self._pages.items()):
            if page is not remaining:
                del self._pages[page]
                self.remove(view)

    def add(self, view: PageView) -> None:
        """Add a page, hidden."""
        view.hide()
        view.changed.connect(lambda: self.page_changed.emit(view))
        view.overlay_requested.connect(self.overlay_requested)
        self._views.append(view)
        self._column.addWidget(view)

    def remove(self, view: PageView) -> None:
        """Remove and delete a page."""
        self._views.remove(view)
        self._column.removeWidget(view)
        view.hide()
        view.deleteLater()

    def show_only(self, view: PageView) -> None:
        """Show one page and hide the others."""
        for other in self._views:
            if other is not view:
                other.hide()
        view.show()


def set_tab_order(view: PageView, after: Iterable[QWidget]) -> None:
    """With Tab through the page, then through the widgets ``after`` it."""
    order: list[QWidget] = []
    widget = view.nextInFocusChain()
    while widget is not None and widget is not view:
        if view.isAncestorOf(widget) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(widget)
        widget = widget.nextInFocusChain()
    for first, second in itertools.pairwise([*order, *after]):
        QWidget.setTabOrder(first, second)
