"""The wizard as data: which page follows which. Both faces walk this table; neither knows more."""

from collections.abc import Mapping
from enum import StrEnum


class Page(StrEnum):
    """What the person sees, one thing at a time."""

    WELCOME = "welcome"
    COMPLAINT = "complaint"
    TECHNICIAN = "technician"
    FLEET = "fleet"
    FLEET_RUN = "fleet-run"
    FLEET_DONE = "fleet-done"
    START = "start"
    LOOKING = "looking"
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
    """What happened on a page: something the person did, or the engine came to an end."""

    NEXT = "next"
    """The primary button."""
    TROUBLE = "trouble"
    """Something does not work: say what."""
    TECHNICIAN = "technician"
    """The ways of those who look after other people's mail."""
    FLEET = "fleet"
    """A table of many people."""
    MANUAL = "manual"
    """Enter or change the servers by hand."""
    FOUND = "found"
    NOT_FOUND = "not-found"
    FAILED = "failed"
    """The engine could not do its work at all, such as with no network."""
    ENDED = "ended"
    CANCEL = "cancel"
    AGAIN = "again"
    TEST = "test"
    """Try it out: nothing is left to be typed."""
    PASSWORD = "password"  # noqa: S105 - a page's name
    """Type the password anew."""
    SIGN_IN = "sign-in"
    """Sign in in the browser instead of giving a password."""
    SECOND = "second"
    """The complaint needs a mailbox at another company to be seen."""
    ANOTHER = "another"
    """Set up one more account."""


FLOW: Mapping[tuple[Page, Move], Page] = {
    (Page.WELCOME, Move.NEXT): Page.START,
    (Page.WELCOME, Move.TROUBLE): Page.COMPLAINT,
    (Page.COMPLAINT, Move.NEXT): Page.START,
    (Page.COMPLAINT, Move.CANCEL): Page.WELCOME,
    (Page.WELCOME, Move.TECHNICIAN): Page.TECHNICIAN,
    (Page.TECHNICIAN, Move.NEXT): Page.START,
    (Page.TECHNICIAN, Move.CANCEL): Page.WELCOME,
    (Page.TECHNICIAN, Move.FLEET): Page.FLEET,
    (Page.FLEET, Move.NEXT): Page.FLEET_RUN,
    (Page.FLEET, Move.CANCEL): Page.WELCOME,
    (Page.FLEET_RUN, Move.ENDED): Page.FLEET_DONE,
    # Nothing could be written, or the options cannot be used.
    (Page.FLEET_RUN, Move.FAILED): Page.FLEET,
    (Page.FLEET_RUN, Move.CANCEL): Page.FLEET,
    # The person agreed to companies, or some were left for later.
    (Page.FLEET_DONE, Move.AGAIN): Page.FLEET_RUN,
    (Page.FLEET_DONE, Move.ANOTHER): Page.WELCOME,
    (Page.FLEET_DONE, Move.CANCEL): Page.FLEET,
    (Page.START, Move.NEXT): Page.LOOKING,
    (Page.START, Move.MANUAL): Page.MANUAL,
    (Page.START, Move.CANCEL): Page.WELCOME,
    (Page.LOOKING, Move.FOUND): Page.FOUND,
    (Page.LOOKING, Move.NOT_FOUND): Page.MANUAL,
    (Page.LOOKING, Move.MANUAL): Page.MANUAL,
    (Page.LOOKING, Move.FAILED): Page.START,
    (Page.LOOKING, Move.CANCEL): Page.START,
    (Page.FOUND, Move.NEXT): Page.PASSWORD,
    (Page.FOUND, Move.SIGN_IN): Page.SIGN_IN,
    # The password was typed there, or while the search still went on.
    (Page.FOUND, Move.TEST): Page.TESTING,
    (Page.FOUND, Move.SECOND): Page.SECOND,
    (Page.FOUND, Move.MANUAL): Page.MANUAL,
    # The person agreed to whom the domain sends us on to.
    (Page.FOUND, Move.AGAIN): Page.LOOKING,
    (Page.FOUND, Move.CANCEL): Page.START,
    (Page.MANUAL, Move.NEXT): Page.PASSWORD,
    (Page.MANUAL, Move.SIGN_IN): Page.SIGN_IN,
    (Page.MANUAL, Move.CANCEL): Page.START,
    (Page.PASSWORD, Move.NEXT): Page.TESTING,
    (Page.PASSWORD, Move.SECOND): Page.SECOND,
    (Page.PASSWORD, Move.MANUAL): Page.MANUAL,
    (Page.PASSWORD, Move.SIGN_IN): Page.SIGN_IN,
    (Page.PASSWORD, Move.CANCEL): Page.START,
    (Page.SIGN_IN, Move.NEXT): Page.TESTING,
    (Page.SIGN_IN, Move.SECOND): Page.SECOND,
    (Page.SIGN_IN, Move.PASSWORD): Page.PASSWORD,
    (Page.SIGN_IN, Move.MANUAL): Page.MANUAL,
    (Page.SIGN_IN, Move.CANCEL): Page.START,
    (Page.SECOND, Move.NEXT): Page.TESTING,
    (Page.SECOND, Move.MANUAL): Page.MANUAL,
    (Page.SECOND, Move.CANCEL): Page.START,
    (Page.TESTING, Move.ENDED): Page.RESULT,
    (Page.TESTING, Move.MANUAL): Page.MANUAL,
    (Page.TESTING, Move.FAILED): Page.RESULT,
    (Page.TESTING, Move.CANCEL): Page.PASSWORD,
    # The password was typed where the servers were found.
    (Page.TESTING, Move.FOUND): Page.FOUND,
    (Page.TESTING, Move.SIGN_IN): Page.SIGN_IN,
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

TRANSIENT = frozenset({Page.LOOKING, Page.TESTING, Page.FLEET_RUN})
"""Pages on which the engine works: Back never leads to them."""

FLEET = (Page.FLEET, Page.FLEET_RUN, Page.FLEET_DONE)
"""Pages for many people at once: a way of its own."""

BEFORE = frozenset({Page.WELCOME, Page.COMPLAINT, Page.TECHNICIAN, *FLEET})
"""Pages on which the way has not begun: no steps are shown yet."""

STEPS: tuple[tuple[Page, ...], ...] = (
    (Page.WELCOME, Page.COMPLAINT, Page.TECHNICIAN, *FLEET, Page.START, Page.LOOKING),
    (Page.FOUND, Page.MANUAL),
    (Page.PASSWORD, Page.SIGN_IN, Page.SECOND),
    (Page.TESTING, Page.RESULT),
    (Page.PROGRAM, Page.DONE),
)
"""The steps shown on top of the window, each with its pages."""


_AHEAD = (Move.TEST, Move.NEXT, Move.ENDED, Move.FOUND)
"""What happens if all goes well, the likeliest first."""


def _following(page: Page) -> Page | None:
    return next((FLOW[page, move] for move in _AHEAD if (page, move) in FLOW), None)


class Flow:
    """Where the person is, and where they came from."""

    def __init__(self) -> None:
        self.page = Page.WELCOME
        self._history: list[Page] = []

    def can(self, move: Move) -> bool:
        """Whether the move leads anywhere from here."""
        return (self.page, move) in FLOW

    def move(self, move: Move) -> Page:
        """Go on. Raises KeyError for a move that the page does not have: a defect of the caller."""
        target = FLOW[self.page, move]
        if self.page not in TRANSIENT and target != self.page:
            self._history.append(self.page)
        # Going to a page that was seen before is going back to it, not a longer way.
        if target in self._history:
            del self._history[self._history.index(target) :]
        self.page = target
        return target

    @property
    def ahead(self) -> tuple[Page, ...]:
        """The pages that come next if all goes well, and the servers by hand if near."""
        pages: list[Page] = []
        page = _following(self.page)
        while page is not None:
            pages.append(page)
            page = _following(page) if page in TRANSIENT else None
        by_hand = FLOW.get((self.page, Move.MANUAL))
        return (*pages, by_hand) if by_hand is not None else tuple(pages)

    def came_by(self, page: Page) -> bool:
        """Whether a page lies behind the person."""
        return page in self._history

    @property
    def can_go_back(self) -> bool:
        """Whether there is a page to go back to."""
        return bool(self._history)

    def back(self) -> Page:
        """The page before this one; the same page where there is none."""
        if self._history:
            self.page = self._history.pop()
        return self.page

    @property
    def step(self) -> int:
        """The index of the current step in `STEPS`."""
        return next(index for index, pages in enumerate(STEPS) if self.page in pages)
