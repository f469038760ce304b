"""The wizard as a table: which page follows which, and by which condition.

Both the window and the demo in the terminal follow it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailsetup.assistant.wizard_state import SearchOutcome, WizardState


class Page(StrEnum):
    """What is shown, one thing at a time."""

    WELCOME = "welcome"
    COMPLAINT = "complaint"
    TECHNICIAN = "technician"
    BATCH = "batch"
    BATCH_RUN = "batch-run"
    BATCH_DONE = "batch-done"
    START = "start"
    SEARCHING = "searching"
    FOUND = "found"
    MANUAL = "manual"
    PASSWORD = "password"  # noqa: S105 - a page's name
    SIGN_IN = "sign-in"
    """In the browser, on the provider's own page."""
    SECOND = "second"
    TESTING = "testing"
    RESULT = "result"
    PROGRAM = "program"
    DONE = "done"


class Move(StrEnum):
    """What happened on a page: an action of the user, or the end of a job."""

    NEXT = "next"
    """The primary button."""
    TROUBLE = "trouble"
    """Choose a complaint."""
    TECHNICIAN = "technician"
    """Options for technicians."""
    BATCH = "batch"
    """A table of many people."""
    MANUAL = "manual"
    """Enter or change the servers by hand."""
    ENDED = "ended"
    """The page's job ended."""
    FAILED = "failed"
    """The page's job could not run."""
    CANCEL = "cancel"
    AGAIN = "again"
    PASSWORD = "password"  # noqa: S105 - a page's name
    """Type the password again."""
    SIGN_IN = "sign-in"
    """Sign in with the browser instead of giving a password."""
    WAY_KNOWN = "way-known"
    """The provider answered where to sign in, or that it is impossible."""
    SIGNED_IN = "signed-in"
    """The sign-in in the browser ended."""
    SECOND = "second"
    """The complaint needs a mailbox at another company."""
    ANOTHER = "another"
    """Set up another account."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A row whose target depends on the state. ``targets`` are all of them, likeliest first."""

    choose: Callable[[WizardState], Page]
    targets: tuple[Page, ...]


# Guards -----------------------------------------------------------------------------------------


def after_search(state: WizardState) -> Page:
    """Show what was found; ask for the servers where nothing was; explain a failed search."""
    match state.search.outcome:
        case SearchOutcome.FOUND:
            return Page.FOUND
        case SearchOutcome.FAILED:
            return Page.START
        case _:
            return Page.MANUAL


def after_found(state: WizardState) -> Page:
    """Sign in, or ask for the password unless it was typed while searching."""
    if state.wants_sign_in:
        return Page.SIGN_IN
    return to_check(state) if state.needs_no_password_page else Page.PASSWORD


def after_manual(state: WizardState) -> Page:
    """Sign in, or ask for the password."""
    return Page.SIGN_IN if state.wants_sign_in else Page.PASSWORD


def to_check(state: WizardState) -> Page:
    """Some complaints need a second mailbox before the check."""
    return Page.SECOND if state.needs_second else Page.TESTING


def after_way_known(state: WizardState) -> Page:
    """Without a way to sign in a password may do as well."""
    return Page.SIGN_IN if state.wants_sign_in else Page.PASSWORD


def after_sign_in(state: WizardState) -> Page:
    """Stay where the sign-in failed or is of another address."""
    return to_check(state) if state.sign_in.is_usable else Page.SIGN_IN


def out_of_check(state: WizardState) -> Page:
    """Return to where the credentials were given."""
    if state.sign_in.in_use:
        return Page.SIGN_IN
    return Page.PASSWORD if state.credentials.on_password_page else Page.FOUND


_TO_CHECK: Final = Branch(to_check, (Page.TESTING, Page.SECOND))

FLOW: Final[Mapping[tuple[Page, Move], Page | Branch]] = {
    (Page.WELCOME, Move.NEXT): Page.START,
    (Page.WELCOME, Move.TROUBLE): Page.COMPLAINT,
    (Page.COMPLAINT, Move.NEXT): Page.START,
    (Page.COMPLAINT, Move.CANCEL): Page.WELCOME,
    (Page.WELCOME, Move.TECHNICIAN): Page.TECHNICIAN,
    (Page.TECHNICIAN, Move.NEXT): Page.START,
    (Page.TECHNICIAN, Move.CANCEL): Page.WELCOME,
    (Page.TECHNICIAN, Move.BATCH): Page.BATCH,
    (Page.BATCH, Move.NEXT): Page.BATCH_RUN,
    (Page.BATCH, Move.CANCEL): Page.WELCOME,
    (Page.BATCH_RUN, Move.ENDED): Page.BATCH_DONE,
    # Nothing could be written, or the options cannot be used.
    (Page.BATCH_RUN, Move.FAILED): Page.BATCH,
    (Page.BATCH_RUN, Move.CANCEL): Page.BATCH,
    # The user agreed to companies, or some people were left for later.
    (Page.BATCH_DONE, Move.AGAIN): Page.BATCH_RUN,
    (Page.BATCH_DONE, Move.ANOTHER): Page.WELCOME,
    (Page.BATCH_DONE, Move.CANCEL): Page.BATCH,
    (Page.START, Move.NEXT): Page.SEARCHING,
    (Page.START, Move.MANUAL): Page.MANUAL,
    (Page.START, Move.CANCEL): Page.WELCOME,
    (Page.SEARCHING, Move.ENDED): Branch(after_search, (Page.FOUND, Page.MANUAL, Page.START)),
    (Page.SEARCHING, Move.MANUAL): Page.MANUAL,
    (Page.SEARCHING, Move.CANCEL): Page.START,
    (Page.FOUND, Move.NEXT): Branch(
        after_found, (Page.TESTING, Page.PASSWORD, Page.SIGN_IN, Page.SECOND)
    ),
    (Page.FOUND, Move.MANUAL): Page.MANUAL,
    # The user agreed to the company that the domain refers to.
    (Page.FOUND, Move.AGAIN): Page.SEARCHING,
    (Page.FOUND, Move.CANCEL): Page.START,
    (Page.MANUAL, Move.NEXT): Branch(after_manual, (Page.PASSWORD, Page.SIGN_IN)),
    (Page.MANUAL, Move.CANCEL): Page.START,
    (Page.PASSWORD, Move.NEXT): _TO_CHECK,
    (Page.PASSWORD, Move.MANUAL): Page.MANUAL,
    (Page.PASSWORD, Move.SIGN_IN): Page.SIGN_IN,
    (Page.PASSWORD, Move.CANCEL): Page.START,
    (Page.SIGN_IN, Move.NEXT): _TO_CHECK,
    (Page.SIGN_IN, Move.WAY_KNOWN): Branch(after_way_known, (Page.SIGN_IN, Page.PASSWORD)),
    (Page.SIGN_IN, Move.SIGNED_IN): Branch(
        after_sign_in, (Page.TESTING, Page.SECOND, Page.SIGN_IN)
    ),
    (Page.SIGN_IN, Move.PASSWORD): Page.PASSWORD,
    (Page.SIGN_IN, Move.MANUAL): Page.MANUAL,
    (Page.SIGN_IN, Move.CANCEL): Page.START,
    (Page.SECOND, Move.NEXT): Page.TESTING,
    (Page.SECOND, Move.MANUAL): Page.MANUAL,
    (Page.SECOND, Move.CANCEL): Page.START,
    (Page.TESTING, Move.ENDED): Page.RESULT,
    (Page.TESTING, Move.MANUAL): Page.MANUAL,
    (Page.TESTING, Move.CANCEL): Branch(out_of_check, (Page.PASSWORD, Page.FOUND, Page.SIGN_IN)),
    (Page.RESULT, Move.NEXT): Page.PROGRAM,
    (Page.RESULT, Move.AGAIN): Page.TESTING,
    (Page.RESULT, Move.PASSWORD): Page.PASSWORD,
    (Page.RESULT, Move.SIGN_IN): Page.SIGN_IN,
    (Page.RESULT, Move.SECOND): Page.SECOND,
    (Page.RESULT, Move.MANUAL): Page.MANUAL,
    (Page.RESULT, Move.CANCEL): Page.START,
    (Page.PROGRAM, Move.NEXT): Page.DONE,
    (Page.PROGRAM, Move.CANCEL): Page.START,
    (Page.DONE, Move.ANOTHER): Page.WELCOME,
    (Page.DONE, Move.AGAIN): Page.PROGRAM,
}

TRANSIENT: Final = frozenset({Page.SEARCHING, Page.TESTING, Page.BATCH_RUN})
"""Pages on which a job runs: Back never leads to them."""

BATCH_PAGES: Final = (Page.BATCH, Page.BATCH_RUN, Page.BATCH_DONE)
"""Pages for many people at once."""

BEFORE: Final = frozenset({Page.WELCOME, Page.COMPLAINT, Page.TECHNICIAN, *BATCH_PAGES})
"""Pages before the steps begin: the steps are not shown yet."""

STEPS: Final[tuple[tuple[Page, ...], ...]] = (
    (Page.WELCOME, Page.COMPLAINT, Page.TECHNICIAN, *BATCH_PAGES, Page.START, Page.SEARCHING),
    (Page.FOUND, Page.MANUAL),
    (Page.PASSWORD, Page.SIGN_IN, Page.SECOND),
    (Page.TESTING, Page.RESULT),
    (Page.PROGRAM, Page.DONE),
)
"""The steps shown on top of the window, each with its pages."""


_LIKELY: Final = (Move.NEXT, Move.ENDED)
"""The moves of a flow without obstacles."""


def targets(page: Page, move: Move) -> tuple[Page, ...]:
    """All pages that a move may lead to, likeliest first; empty without such a row."""
    row = FLOW.get((page, move))
    if row is None:
        return ()
    return row.targets if isinstance(row, Branch) else (row,)


def _likely_next(page: Page) -> Page | None:
    return next((found[0] for move in _LIKELY if (found := targets(page, move))), None)


class Flow:
    """The current page and the pages before it; ``state`` is what guards decide by."""

    def __init__(self, state: WizardState | None = None, page: Page = Page.WELCOME) -> None:
        self.page = page
        self._state = state or WizardState()
        self._history: list[Page] = []

    def can(self, move: Move) -> bool:
        """Whether the page has such a move."""
        return (self.page, move) in FLOW

    def move(self, move: Move) -> Page:
        """Go to the next page and return it. Raises KeyError for a move that the page lacks."""
        row = FLOW[self.page, move]
        target = row.choose(self._state) if isinstance(row, Branch) else row
        if self.page not in TRANSIENT and target != self.page:
            self._history.append(self.page)
        # Going to a page of the history goes back to it.
        if target in self._history:
            del self._history[self._history.index(target) :]
        self.page = target
        return target

    def restart(self, page: Page) -> None:
        """Show a page as if it followed the first one."""
        self.page = page
        self._history = [] if page is Page.WELCOME else [Page.WELCOME]

    @property
    def ahead(self) -> tuple[Page, ...]:
        """The pages that likely come next, and the servers by hand if they are one move away."""
        pages: list[Page] = []
        page = _likely_next(self.page)
        while page is not None:
            pages.append(page)
            page = _likely_next(page) if page in TRANSIENT else None
        return (*pages, *targets(self.page, Move.MANUAL))

    @property
    def can_go_back(self) -> bool:
        """Whether there is a page to go back to."""
        return bool(self._history)

    def back(self) -> Page:
        """Go to the page before this one and return it; the same page where there is none."""
        if self._history:
            self.page = self._history.pop()
        return self.page

    @property
    def step(self) -> int:
        """The index of the current step in `STEPS`."""
        return next(index for index, pages in enumerate(STEPS) if self.page in pages)
