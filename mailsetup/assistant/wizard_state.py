"""State of the wizard: what the user entered and what was found out, in frozen parts.

It does not depend on the window. The guards of `mailsetup.assistant.flow` decide by it which page
is next.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Hint

if TYPE_CHECKING:
    from mailsetup.apply.applier import Place
    from mailsetup.apply.installation import Computer
    from mailsetup.apply.outlook import OutlookRunMode
    from mailsetup.apply.result import Applied, Undone
    from mailsetup.assistant.check.report import CheckReport
    from mailsetup.assistant.signin.flow import SignIn, SignInMethod
    from mailsetup.assistant.technician_options import TechnicianOptions
    from mailsetup.export.exporter import Artifact
    from mailsetup.export.guide.qr import QrMatrix
    from mailsetup.model.discovery import Discovery
    from mailsetup.model.symptom import Symptom

_PASSWORD_FINDINGS: Final = frozenset(
    {FindingId.ACCOUNT_LOGIN_REFUSED, FindingId.ACCOUNT_LOGIN_APP_PASSWORD_NEEDED}
)
"""Findings that another password may fix."""


@dataclass(frozen=True, slots=True)
class AccountOwner:
    """Whose account is set up, as entered on the first pages."""

    name: str = ""
    address_text: str = ""
    address: EmailAddress | None = None
    symptom: "Symptom | None" = None
    """The user's complaint; None where an account is set up."""


class SearchOutcome(StrEnum):
    """How the last search ended."""

    FOUND = "found"
    NOT_FOUND = "not-found"
    FAILED = "failed"
    """It could not begin: the technician's options or the settings file cannot be used."""


@dataclass(frozen=True, slots=True)
class Search:
    """The search for the servers of the address."""

    outcome: SearchOutcome | None = None
    problem: str = ""
    """Why it could not begin, as a sentence."""
    discovery: "Discovery | None" = None
    absence: tuple[Finding, ...] = ()
    """Why nothing was found."""
    agreed: tuple[str, ...] = ()
    """Domains of what was found that the user agreed to."""
    agreed_before: tuple[str, ...] = ()
    """Domains that the user agreed to in earlier searches for the same address."""

    @property
    def is_without_settings(self) -> bool:
        """Whether a search ended without servers."""
        return self.discovery is not None and self.discovery.settings is None

    @property
    def to_agree(self) -> tuple[str, ...]:
        """Domains of what was found that are unproven and not agreed to."""
        confirm = self.discovery.confirm if self.discovery is not None else ()
        return tuple(domain for domain in confirm if domain not in self.agreed)


@dataclass(frozen=True, slots=True)
class ServerChoice:
    """The account with its servers."""

    account: Account | None = None
    typed: bool = False
    """Whether the servers were entered by hand."""
    login_refused: bool = False
    """Whether a login was refused before: then no attempt is wasted."""


@dataclass(frozen=True, slots=True)
class TypedCredentials:
    """The password of the account."""

    password: str = field(default="", repr=False)
    early: bool = False
    """Whether it was typed before the password page."""
    on_password_page: bool = False
    """Whether it was typed on the password page last."""
    keep: bool = False
    """Whether to store it in the keyring."""


@dataclass(frozen=True, slots=True)
class BrowserSignIn:
    """Signing in with the browser (OAuth 2.0, RFC 6749) instead of a password."""

    method: "SignInMethod | None" = None
    """Where to sign in; None where that is impossible or not known yet."""
    method_known: bool = False
    """Whether the provider was asked."""
    method_problem: str = ""
    """Why there is no method, as a sentence."""
    result: "SignIn | None" = field(default=None, repr=False)
    in_use: bool = False
    """Whether the check uses it, and not the password."""
    keep: bool = False
    """Whether to store it in the keyring."""
    problem: str = ""
    """Why the last attempt failed, as a sentence."""
    link: str = field(default="", repr=False)
    """What to send to an administrator, where that helps."""

    @property
    def is_usable(self) -> bool:
        """Whether the check can use it without a question."""
        return self.result is not None and self.in_use and not self.result.is_of_another


@dataclass(frozen=True, slots=True)
class TypedSecondMailbox:
    """A mailbox at another company, for what only mail between companies shows."""

    address_text: str = ""
    address: EmailAddress | None = None
    password: str = field(default="", repr=False)
    ask_blocklists: bool = False
    """Whether public blocklists are asked about the sending server."""
    problem: str = ""
    """Why it could not take part, as a sentence."""


@dataclass(frozen=True, slots=True)
class CheckState:
    """The last check of the account."""

    report: "CheckReport | None" = None
    last_report: "CheckReport | None" = None
    """The report before this one, as long as it is about the same account and password."""
    defect: str = ""
    """The type of the exception, where a defect of this program ended the check."""

    @property
    def password_was_refused(self) -> bool:
        """Whether the check failed because of the password."""
        cause = self.report.to_act_on if self.report is not None else None
        return cause is not None and cause.id in _PASSWORD_FINDINGS


@dataclass(frozen=True, slots=True)
class ProgramChoice:
    """The mail program to set up."""

    program: str = "thunderbird"
    place: str | None = None
    """The folder of the program's profile; "" for a new one, None before a choice."""
    store_password: bool = False
    """Whether the program is to store the password, too."""


@dataclass(frozen=True, slots=True)
class ProgramSetup:
    """What was done for the chosen program."""

    artifact: "Artifact | None" = None
    matrix: "QrMatrix | None" = None
    """The QR code for a phone."""
    problem: str = ""
    """Why the last step failed, as a sentence."""
    applied: "Applied | Undone | None" = None
    """What was changed in the installed program."""
    profile: Path | None = None
    command: tuple[str, ...] = ()
    """Opens the program."""
    notes: tuple[str, ...] = ()
    saved: tuple[Path, ...] = ()
    """The files that were written."""
    only_ours: bool = False
    """Whether undoing leaves the program's later changes alone; the user was asked."""
    ran: "frozenset[OutlookRunMode]" = frozenset()
    """Steps of Outlook that were run and not undone."""


@dataclass(frozen=True, slots=True)
class ComputerFacts:
    """What is known of the computer; stays the same for the next account."""

    target: "Computer | None" = None
    """Where mail programs are set up: None for this computer; the demo has a temporary one."""
    user_name: str = ""
    """The full name of the computer's user, as a proposal."""
    keyring: str = ""
    """The keyring's name; empty where there is none."""
    keyring_known: bool = False
    installed: Mapping[str, bool | None] = field(default_factory=dict)
    """Mail programs by id: whether installed, None where that cannot be known."""
    places: "tuple[Place, ...]" = ()
    """Places for the account in the program that has profiles."""
    outlook: str = ""
    """The path of classic Outlook; empty where there is none."""

    @property
    def temporary_home(self) -> Path | None:
        """The home folder that is removed when the demo ends; None outside of the demo."""
        target = self.target
        return target.home if target is not None and target.temporary else None


@dataclass(frozen=True, slots=True)
class TechnicianChoice:
    """What a technician set for the search and the check."""

    options: "TechnicianOptions | None" = None
    settings_file: Path | None = None
    """Where the servers come from instead of a search."""
    was_opened: bool = False
    """Whether the window was opened with that file, which then vouches for nothing."""


class DemoPerson(Protocol):
    """An account of the demo's mail system."""

    @property
    def address(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def person(self) -> str: ...
    @property
    def story(self) -> str: ...


@dataclass(frozen=True, slots=True)
class DemoState:
    """The demo; without people it is not running."""

    people: tuple[DemoPerson, ...] = field(default=(), repr=False)
    can_be_left: bool = False
    """Whether it was opened from the window."""
    problem: str = ""
    """Why it could not be opened, as a sentence."""


@dataclass(slots=True)
class WizardState:
    """All parts. A part is replaced, never changed: `snapshot` is safe in another thread."""

    owner: AccountOwner = AccountOwner()
    search: Search = Search()
    servers: ServerChoice = ServerChoice()
    credentials: TypedCredentials = TypedCredentials()
    sign_in: BrowserSignIn = BrowserSignIn()
    second: TypedSecondMailbox = TypedSecondMailbox()
    check: CheckState = CheckState()
    program: ProgramChoice = ProgramChoice()
    setup: ProgramSetup = ProgramSetup()
    computer: ComputerFacts = ComputerFacts()
    technician: TechnicianChoice = TechnicianChoice()
    demo: DemoState = DemoState()
    libraries: tuple[str, ...] = ()
    """The libraries that the program uses, a line each."""

    def snapshot(self) -> "WizardState":
        """The parts as they are now."""
        return copy(self)

    # Questions ------------------------------------------------------------------------------

    @property
    def secrets(self) -> list[Secret]:
        """Secrets that must not appear in any output."""
        typed = [Secret(text) for text in (self.credentials.password, self.second.password) if text]
        return [*typed, *(self.sign_in.result.secrets if self.sign_in.result is not None else ())]

    @property
    def chosen_discovery(self) -> "Discovery | None":
        """The discovery that the account was chosen from; None for servers entered by hand."""
        return None if self.servers.typed else self.search.discovery

    @property
    def hint(self) -> Hint | None:
        """What the provider requires before the password is typed."""
        discovery = self.chosen_discovery
        hints = discovery.settings.hints if discovery and discovery.settings else ()
        return next((one for one in hints if one.kind != "help"), None)

    @property
    def needs_no_password_page(self) -> bool:
        """Whether the password was typed already and no hint has to be shown with it."""
        return self.credentials.early and bool(self.credentials.password) and self.hint is None

    @property
    def wants_sign_in(self) -> bool:
        """Whether to sign in with the browser, as far as is known.

        Where a password is accepted as well, only if this program is registered at the provider.
        """
        account, sign_in = self.servers.account, self.sign_in
        if account is None or not account.takes_sign_in:
            return False
        refused = sign_in.method_known and (sign_in.method is None or not sign_in.method.can_begin)
        return not (refused and account.takes_password)

    @property
    def needs_second(self) -> bool:
        """Whether only a mailbox at another company shows what the user complains of."""
        return self.owner.symptom is not None and self.owner.symptom.needs_second_mailbox

    # Changes --------------------------------------------------------------------------------

    def use_opened_file(self, path: Path, owner: EmailAddress | None) -> None:
        """Take the servers from a settings file that the window was opened with; ``owner`` is the
        address in it."""
        self.technician = TechnicianChoice(settings_file=path, was_opened=True)
        if owner is not None:
            self.owner = replace(self.owner, address_text=str(owner))

    def set_address(self, address: EmailAddress) -> None:
        """Another address drops what was found; another domain drops the password, too."""
        before = self.owner.address
        if address == before:
            return
        credentials = self.credentials
        if before is not None and address.domain != before.domain:
            credentials = replace(credentials, password="", keep=False)
        self.credentials = replace(credentials, early=False, on_password_page=False)
        self.owner = replace(self.owner, address=address)
        self.search, self.servers = Search(), ServerChoice()
        self.forget_sign_in()
        self.forget_result()

    def set_account(self, account: Account | None) -> None:
        """Another account drops the sign-in and the result of the last check."""
        if account != self.servers.account:
            self.forget_result()
            self.forget_sign_in()
        self.servers = replace(self.servers, account=account)

    def set_password(self, password: str) -> None:
        """Another password drops the result of the last check."""
        if password != self.credentials.password:
            self.forget_result()
        self.credentials = replace(self.credentials, password=password)

    def forget_sign_in(self) -> None:
        """The servers changed: sign in again."""
        self.sign_in = BrowserSignIn(keep=self.sign_in.keep)

    def forget_result(self) -> None:
        """Servers or password changed: the last check is void."""
        self.check = CheckState()
        self.second = replace(self.second, problem="")
        self.setup = ProgramSetup()

    def start_over(self) -> None:
        """Forget everything about the account; what belongs to the computer stays."""
        fresh = WizardState()
        self.owner, self.search, self.servers = fresh.owner, fresh.search, fresh.servers
        self.credentials, self.sign_in, self.second = fresh.credentials, fresh.sign_in, fresh.second
        self.check, self.program, self.setup = fresh.check, fresh.program, fresh.setup

    def move_to(self, target: "Computer | None") -> None:
        """Start over on another computer (the demo's, or back): nothing is known of it."""
        self.computer = ComputerFacts(target, self.computer.user_name)
        self.start_over()

    def forget_secrets(self) -> None:
        """Drop the passwords."""
        self.credentials = replace(self.credentials, password="")
        self.second = replace(self.second, password="")
