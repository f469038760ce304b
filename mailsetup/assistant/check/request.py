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
    """What to prove. ``wait`` is how long to wait for the test message, in seconds.

    ``alternatives`` are servers of the same account that are tried, before any login, when the
    chosen ones cannot be reached. ``discovery`` is where the servers came from; the domains that it
    wants confirmed have to be in ``agreed``.
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
    """A mailbox at another company, for what only mail between two companies shows."""
    blocklists: bool = False
    """Whether public blocklists may be queried about the sending IP address."""
    symptom: Symptom | None = None
    """The person's complaint; it determines the order of the causes and the answer."""
    previous: CheckReport | None = None
    """The last report on this account; its proofs are not repeated."""
    sign_in: "SignIn | None" = None
    """The sign-in in the browser that ``secret`` comes from, where it is an access token."""
    one_login_at_a_time: bool = False
    """Whether the outgoing server is skipped after a refusal by the incoming one."""
    domain: DomainSeen | None = None
    """The result for the domain, where several of its mailboxes are checked."""
