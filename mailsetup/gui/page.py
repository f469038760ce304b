"""What every page of the window has in common."""

from enum import StrEnum

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from mailsetup.assistant.flow import Move
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space
from mailsetup.gui.widgets.basic import LinkButton, Title, action_button, announce, without_margins
from mailsetup.gui.widgets.status_icon import StatusIcon
from mailsetup.i18n import _, language


class OverlayPage(StrEnum):
    """Pages that are shown over any page of the flow."""

    ABOUT = "about"
    LOG = "log"


class PageView(QWidget):
    """A page of the flow: shows the state and stores what is typed; the flow decides."""

    moved = Signal(object)
    """A `Move`: an action of the user, or the end of the page's job."""
    overlay_requested = Signal(object)
    """An `OverlayPage`."""
    changed = Signal()
    """The footer may have to change."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.setObjectName("page")
        self.services = services
        self.state = services.state
        self.text_language = language()
        """The language of its texts."""
        self.title = Title()
        self.column = without_margins(QVBoxLayout(self), Space.MEDIUM)
        self.column.addWidget(self.title)

    def add_status_icon(self, *below: QWidget) -> StatusIcon:
        """A large icon left of the title; ``below`` stands under the title."""
        icon = StatusIcon(scale=1.9)
        head, words = QHBoxLayout(), QVBoxLayout()
        head.setSpacing(Space.MEDIUM)
        words.setSpacing(Space.TINY)
        self.column.removeWidget(self.title)
        for widget in (self.title, *below):
            words.addWidget(widget)
        head.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        self.column.insertLayout(0, head)
        return icon

    def add_to_column(self, *widgets: QWidget) -> None:
        """Widgets from top to bottom, and the remaining space below them."""
        for widget in widgets:
            self.column.addWidget(widget)
        self.column.addStretch(1)

    def move_link(self, move: Move) -> LinkButton:
        """A link that makes a move."""
        return LinkButton(on_click=lambda: self.moved.emit(move))

    def move_button(self, move: Move) -> QPushButton:
        """A button that makes a move."""
        return action_button(on_click=lambda: self.moved.emit(move))

    def enter(self) -> None:
        """The page is shown: show the state."""

    def start_jobs(self) -> None:
        """The page was reached by a move forward: start its jobs."""

    def leave(self) -> bool:
        """The primary button was pressed: store what was typed in the state.

        False: the page stays, and shows why.
        """
        return True

    def store_typed(self) -> None:
        """The page is hidden by any move: store what was typed, even if it is incomplete."""

    def retranslate(self) -> None:
        """Set every text in the current language; what was typed stays."""

    def ensure_language(self) -> None:
        """Retranslate unless the texts are in the current language."""
        if self.text_language != language():
            self.retranslate()
            self.text_language = language()

    def show_again(self) -> None:
        """The state changed while the page is shown: update and announce the page."""
        self.enter()
        self.changed.emit()
        announce(self, self.announcement())

    def release(self) -> None:
        """The style is about to change: delete widgets that `rebuild` makes again."""

    def rebuild(self) -> None:
        """Make the widgets again that `release` deleted."""

    def interrupt(self) -> bool:
        """Cancel was pressed: True where only the page's job has to end and the page stays."""
        return False

    def primary_move(self) -> Move:
        """The move of the primary button."""
        return Move.NEXT

    def primary_text(self) -> str:
        """The primary button's text; empty where the page has none."""
        return ""

    def can_be_cancelled(self) -> bool:
        """Whether there is something to cancel; on a page of success there is not."""
        return True

    def is_ready(self) -> bool:
        """Whether the primary button can be pressed."""
        return True

    def first_focus(self) -> QWidget | None:
        """The widget that gets the keyboard focus; None for the primary button."""
        return None

    def announcement(self) -> str:
        """The text for a screen reader when the page appears."""
        return self.title.text()


class Overlay(PageView):
    """A page over any page of the flow, which it does not change."""

    kind: OverlayPage

    def primary_text(self) -> str:
        """Back to the page below."""
        return _("Close")
