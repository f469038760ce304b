"""What happens while the engine works: frozen values that both faces draw."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.outcome import Tried
from mailsetup.model.settings import AccountSettings
from mailsetup.model.source import Method, Source


@dataclass(frozen=True, slots=True)
class SourceAsked:
    """A source of settings is being asked. ``location`` is a host or URL, as plain text."""

    method: Method
    location: str


@dataclass(frozen=True, slots=True)
class SourceAnswered:
    """A source came to its end."""

    tried: Tried


@dataclass(frozen=True, slots=True)
class SettingsFound:
    """The best settings so far; better ones may still replace them."""

    settings: AccountSettings
    source: Source


class Activity(StrEnum):
    """The steps of a check, in the order in which a person would name them."""

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
    """The engine began with something; ``detail`` names the host or folder, as plain text."""

    activity: Activity
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ActivityEnded:
    """The engine is done with it. ``status`` is ok, warn or fail."""

    activity: Activity
    status: Status
    elapsed_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class FindingMade:
    """A check saw something."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class LinkJudged:
    """What is known of a link of the chain so far."""

    link: Link
    status: Status


@dataclass(frozen=True, slots=True)
class SignInOpened:
    """The sign-in page waits for the person. ``url`` is to be opened in their browser.

    It leads to the provider's own page; ``host`` is that one's, for the person to recognise.
    """

    url: str
    host: str


@dataclass(frozen=True, slots=True)
class SignInCode:
    """The person is to open ``page`` on any device and to type ``code`` there."""

    page: str
    code: str
    seconds: float


Event = (
    SignInOpened
    | SignInCode
    | SourceAsked
    | SourceAnswered
    | SettingsFound
    | ActivityStarted
    | ActivityEnded
    | FindingMade
    | LinkJudged
)

Emit = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """The listener of somebody who only wants the result."""
