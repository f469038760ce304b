"""The events of a run, for the progress display of window and command line."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.search_events import SearchEvent


class Activity(StrEnum):
    """The steps of a check, in the order in which they are shown."""

    LOOK_FOR_SETTINGS = "look-for-settings"
    LOOK_AT_DOMAIN = "look-at-domain"
    REACH_INCOMING = "reach-incoming"
    LOG_IN_INCOMING = "log-in-incoming"
    REACH_OUTGOING = "reach-outgoing"
    LOG_IN_OUTGOING = "log-in-outgoing"
    SEND = "send"
    WAIT_FOR_ARRIVAL = "wait-for-arrival"
    COMPARE_ATTACHMENT = "compare-attachment"
    CLEAN_UP = "clean-up"
    OPEN_SECOND = "open-second"
    SEND_ELSEWHERE = "send-elsewhere"
    RECEIVE_FROM_ELSEWHERE = "receive-from-elsewhere"


@dataclass(frozen=True, slots=True)
class ActivityStarted:
    """A step started; ``detail`` is its host or folder, as plain text."""

    activity: Activity
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ActivityEnded:
    """A step ended. ``status`` is unknown where a defect ended it."""

    activity: Activity
    status: Status
    elapsed_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class FindingMade:
    """A check made a finding."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class LinkJudged:
    """The status of a link of the chain so far."""

    link: Link
    status: Status


@dataclass(frozen=True, slots=True)
class SignInOpened:
    """A sign-in waits for the person. ``url`` is to be opened in their browser.

    It leads to the page of the provider at ``host``, which the person can recognise.
    """

    url: str
    host: str


@dataclass(frozen=True, slots=True)
class SignInCode:
    """The person is to open ``page`` on any device and enter ``code`` (RFC 8628)."""

    page: str
    code: str
    seconds: float


Event = (
    SignInOpened
    | SignInCode
    | SearchEvent
    | ActivityStarted
    | ActivityEnded
    | FindingMade
    | LinkJudged
)

Emit = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """An `Emit` that discards the events."""
