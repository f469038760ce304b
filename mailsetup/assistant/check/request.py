"""What a check is to prove. These values are light to import; the check itself is not."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsetup.assistant.check.report import CheckReport
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, ServerSettings
from mailsetup.model.symptom import Symptom

if TYPE_CHECKING:
    from mailsetup.assistant.signin.flow import SignIn
    from mailsetup.diagnosis.checks.domain import DomainCheck


@dataclass(frozen=True, slots=True)
class DomainSeen:
    """The part of a check that is the same for all mailboxes of a domain."""

    check: "DomainCheck"
    health: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class SecondMailbox:
    """The person's other account, with its secret."""

    account: Account
    secret: Secret


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to prove. ``wait`` is the patience for the test message, in seconds.

    ``alternatives`` are servers of the same account that are tried, before any login, when the
    chosen ones cannot be reached. ``discovery`` is where the servers came from; whatever it still
    wants confirmed has to be in ``agreed``.
    """

    account: Account
    secret: Secret
    send: bool = True
    attachment_mib: int = 1
    wait: float = 120.0
    alternatives: tuple[ServerSettings, ...] = ()
    discovery: Discovery | None = None
    agreed: tuple[str, ...] = ()
    other_usernames: tuple[str, ...] = ()
    """Names to try where the account's own one is refused; the person agreed to that."""
    second: SecondMailbox | None = None
    """A mailbox at another company, for what only mail on its way through the world shows."""
    blocklists: bool = False
    """Whether public blocklists may be asked about the address from which mail leaves."""
    symptom: Symptom | None = None
    """What the person complains of; it orders the causes and words the answer."""
    previous: CheckReport | None = None
    """The last report on this account: what it proved is not repeated."""
    sign_in: "SignIn | None" = None
    """The sign-in in the browser that ``secret`` comes from, where it is an access token."""
    one_login_at_a_time: bool = False
    """Whether a refusal at the one server spares the other one: where one was refused before."""
    domain: DomainSeen | None = None
    """What the domain itself showed, where many of its mailboxes are tested."""
