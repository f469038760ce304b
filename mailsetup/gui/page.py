"""What every page of the window has in common."""

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mailsetup.assistant.events import Event
from mailsetup.assistant.flow import Move, Page
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Space
from mailsetup.gui.widgets.basic import Title
from mailsetup.gui.widgets.status_icon import StatusIcon
from mailsetup.i18n import _, language

if TYPE_CHECKING:
    from mailsetup.batch.events import BatchEvent as FleetEvent


class Request(StrEnum):
    """What a page wants done that is more than going to another page."""

    SET_UP_PROGRAM = "set-up-program"
    ANOTHER = "another"
    """Set up one more account."""
    UNDO = "undo"
    """Take back what was done in Thunderbird."""
    SAVE_FILES = "save-files"
    RUN_STEP = "run-step"
    """Run the session's step of Outlook, or take it back."""
    SAVE_REPORT = "save-report"
    OPEN_DEMO = "open-demo"
    LEAVE_DEMO = "leave-demo"
    OPEN_SETTINGS_FILE = "open-settings-file"
    CHOOSE_CA_FILE = "choose-ca-file"
    REACH_SERVERS = "reach-servers"
    """Find out whether the servers that were typed answer."""
    FORGET_ADDRESSES = "forget-addresses"
    CHOOSE_TABLE = "choose-table"
    CHECK_TABLE = "check-table"
    """The table of the session was chosen, or read in another way."""
    CHOOSE_FLEET_FOLDER = "choose-fleet-folder"
    OPEN_OVERVIEW = "open-overview"
    OPEN_FLEET_FOLDER = "open-fleet-folder"
    SIGN_IN = "sign-in"
    SIGN_IN_BY_CODE = "sign-in-by-code"
    SAVE_SUPPORT = "save-support"
    """The report for support, with the log."""
    SHOW_LOG = "show-log"


class PageView(QWidget):
    """A leaf of the flow: shows the session and takes what is typed; decides nothing."""

    page: Page

    moved = Signal(object)
    """The person chose one of the page's own ways (a `Move`)."""
    wanted = Signal(object)
    """The person wants something done (a `Request`)."""
    changed = Signal()
    """What the footer shows may be different now."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("page")
        self.session = session
        self.spoken = language()
        """The language of its texts."""
        self.title = Title()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(Space.MEDIUM)
        self.column.addWidget(self.title)

    def put_sign_beside_title(self, *below: QWidget) -> StatusIcon:
        """A large sign at the head of the page; ``below`` stands under the title."""
        sign = StatusIcon(scale=1.9)
        head, words = QHBoxLayout(), QVBoxLayout()
        head.setSpacing(Space.MEDIUM)
        words.setSpacing(Space.TINY)
        self.column.removeWidget(self.title)
        for widget in (self.title, *below):
            words.addWidget(widget)
        head.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        self.column.insertLayout(0, head)
        return sign

    def enter(self) -> None:
        """The page is shown: take over what the session holds."""

    def leave(self) -> bool:
        """The primary button was pressed: put what was typed into the session.

        False keeps the person here; the page shows why.
        """
        return True

    def keep_typed(self) -> None:
        """The page is left in whatever way: nothing that was typed is lost."""

    def retranslate(self) -> None:
        """Set every text in the current language, keeping what was typed."""

    def take(self, event: Event) -> None:
        """Something happened in the engine, on a page where it works."""

    def lighten(self) -> None:
        """Everything is about to be dressed anew: let go of what can be made again."""

    def restore(self) -> None:
        """Make again what `lighten` let go of."""

    def interrupt(self) -> bool:
        """Whether what ran has only to be ended, so that cancelling leaves the page."""
        return False

    def primary_move(self) -> Move:
        """Where the primary button leads."""
        return Move.NEXT

    def primary_text(self) -> str:
        """The primary button's text; empty where the page has none."""
        return ""

    def can_be_cancelled(self) -> bool:
        """Whether there is anything left to be given up; on a page of success there is not."""
        return True

    def is_ready(self) -> bool:
        """Whether the primary button can be pressed."""
        return True

    def first_focus(self) -> QWidget | None:
        """Where the keyboard begins; None for the primary button."""
        return None

    def announcement(self) -> str:
        """What a screen reader says when the page appears."""
        return self.title.text()


class BatchRun(PageView):
    """The page on which a table is worked through."""

    def follow(self, event: "FleetEvent") -> None:
        """Something happened in the run."""
        raise NotImplementedError


class Overlay(PageView):
    """Beside the flow: opened over any page, closed again without having disturbed it."""

    def primary_text(self) -> str:
        """Back to where one was."""
        return _("Close")
