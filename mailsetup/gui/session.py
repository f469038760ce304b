"""What the person typed and what came of it: one account on its way through the window."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.assistant.activity_log import ActivityLog
from mailsetup.gui.batch_state import BatchState
from mailsetup.gui.preferences import Preferences
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Hint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailsetup.apply.applier import Place
    from mailsetup.apply.installation import Computer
    from mailsetup.apply.outlook import OutlookRunMode, RunStep
    from mailsetup.apply.result import Applied, Undone
    from mailsetup.assistant.check.report import CheckReport
    from mailsetup.assistant.signin.flow import SignIn, SignInWay
    from mailsetup.assistant.technician_options import TechnicianOptions
    from mailsetup.demo.accounts import DemoAccount
    from mailsetup.export.exporter import Artifact
    from mailsetup.export.guide.qr import QrMatrix
    from mailsetup.model.discovery import Discovery
    from mailsetup.model.symptom import Symptom

_PASSWORD_HELPS = frozenset(
    {FindingId.ACCOUNT_LOGIN_REFUSED, FindingId.ACCOUNT_LOGIN_APP_PASSWORD_NEEDED}
)
"""What typing the password anew may mend."""


@dataclass
class Session:
    """Pages read from it and write to it; they hold nothing of their own."""

    symptom: "Symptom | None" = None
    """What the person complains of; None where an account is set up."""
    person: str = ""
    own_name: str = ""
    """How this computer calls its user, as a proposal."""
    address_text: str = ""
    address: EmailAddress | None = None
    discovery: "Discovery | None" = None
    absence: tuple[Finding, ...] = ()
    """Why nothing was found."""
    agreed_to: tuple[str, ...] = ()
    """The domains that had to be confirmed, once the person agreed to them."""
    agreed_before: tuple[str, ...] = ()
    """Domains that were agreed to on the way to the settings."""
    was_refused: bool = False
    """Whether this account's login was refused before: then no attempt is wasted."""
    account: Account | None = None
    typed: bool = False
    """Whether the servers were entered by hand."""
    password: str = ""
    password_early: bool = False
    """Whether it was typed before there was a page for it alone."""
    keep_password: bool = False
    keyring: str = ""
    """The keyring's name; empty where there is none."""
    keyring_known: bool = False
    way: "SignInWay | None" = None
    """Where one signs in in the browser for this account; None where nowhere, or not yet known."""
    way_known: bool = False
    """Whether it was asked."""
    way_problem: str = ""
    """Why there is none, as a sentence."""
    sign_in: "SignIn | None" = None
    by_sign_in: bool = False
    """Whether the sign-in is used, and not the password."""
    keep_sign_in: bool = False
    sign_in_problem: str = ""
    """Why the last sign-in did not work, as a sentence."""
    sign_in_link: str = ""
    """What to send to an administrator, where that helps."""
    second_text: str = ""
    second: EmailAddress | None = None
    """A mailbox at another company, for what only mail on its way through the world shows."""
    second_password: str = ""
    ask_blocklists: bool = False
    """Whether public blocklists are asked about the server that sends, where a second mailbox
    takes part."""
    second_problem: str = ""
    """Why the second mailbox could not take part, as a sentence."""
    report: "CheckReport | None" = None
    last_report: "CheckReport | None" = None
    """The report before this one, as long as it is about the same account and password."""
    defect: str = ""
    """The type of our own exception, where the engine failed."""
    program: str = "thunderbird"
    installed: dict[str, bool | None] = field(default_factory=dict)
    places: "tuple[Place, ...]" = ()
    """Places for the account in the program that has profiles."""
    place: str | None = None
    """The folder of the profile to use; empty for a new one, None while nothing was chosen."""
    store_in_program: bool = False
    """Whether the program is to keep the password, too."""
    only_ours: bool = False
    """Whether taking back leaves alone what Thunderbird changed since; it was asked before."""
    artifact: "Artifact | None" = None
    problem: str = ""
    """Why the last step did not work, as a sentence."""
    applied: "Applied | Undone | None" = None
    """What was done in the installed program."""
    profile: Path | None = None
    command: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What the person should know about the profile that was made."""
    saved: tuple[Path, ...] = ()
    computer: "Computer | None" = None
    """Where the mail programs are looked for and set up: None for this one; the demo has a
    temporary one."""
    outlook: str = ""
    """The path of classic Outlook on this computer; empty where there is none."""
    step: "RunStep | None" = None
    """The step of Outlook that the person chose last."""
    ran: "frozenset[OutlookRunMode]" = frozenset()
    """The ways into Outlook that were gone and not taken back."""
    demo: "tuple[DemoAccount, ...]" = ()
    """The demo world's addresses; empty outside of it."""
    demo_can_be_left: bool = False
    """Whether the demo was opened from this window."""
    expert: "TechnicianOptions | None" = None
    """What a technician set; None where nothing was."""
    memory: Preferences = field(default_factory=Preferences)
    """What is kept between two runs."""
    journal: ActivityLog = field(default_factory=ActivityLog)
    """What happened since the program was started."""
    parts: tuple[str, ...] = ()
    """The libraries that the program is made of, a line each."""
    matrix: "QrMatrix | None" = None
    """The code that a phone reads, for a program that is set up by one."""
    settings_file: Path | None = None
    """Where the servers come from instead of a search."""
    fleet: BatchState = field(default_factory=BatchState)
    """A table of many people, and what came of it."""

    @property
    def agreed(self) -> bool:
        """Whether the person agreed to whoever would get the password by what was found."""
        return not self.to_agree

    @property
    def to_agree(self) -> tuple[str, ...]:
        """Domains of what was found that nobody proves and the person did not agree to."""
        confirm = self.discovery.confirm if self.discovery is not None else ()
        return tuple(domain for domain in confirm if domain not in self.agreed_to)

    def unproven_of(self, hosts: "Iterable[str]") -> tuple[str, ...]:
        """The owners of servers by hand that came from what was found and that nobody proves."""
        from mailsetup.assistant.account_choice import unproven_owners

        return unproven_owners(self.discovery, hosts) if self.discovery is not None else ()

    def to_agree_of(self, hosts: "Iterable[str]") -> tuple[str, ...]:
        """Those of them that the person did not agree to."""
        return tuple(one for one in self.unproven_of(hosts) if one not in self.agreed_to)

    def take_password(self, text: str) -> None:
        """What was typed; a result of another one counts no more."""
        if text != self.password:
            self.forget_result()
        self.password = text

    @property
    def hint(self) -> Hint | None:
        """What the provider wants done before the password is typed."""
        settings = self.discovery.settings if self.discovery and not self.typed else None
        hints = settings.hints if settings else ()
        return next((one for one in hints if one.kind != "help"), None)

    @property
    def needs_no_password_page(self) -> bool:
        """Whether the password is there already and nothing has to be said about it."""
        return self.password_early and bool(self.password) and self.hint is None

    @property
    def password_was_refused(self) -> bool:
        """Whether the last test failed at this password."""
        cause = self.report.to_act_on if self.report is not None else None
        return cause is not None and cause.id in _PASSWORD_HELPS

    @property
    def secrets(self) -> list[Secret]:
        """What must appear nowhere."""
        typed = [Secret(text) for text in (self.password, self.second_password) if text]
        return [*typed, *(self.sign_in.secrets if self.sign_in is not None else ())]

    @property
    def wants_sign_in(self) -> bool:
        """Whether this account is to be opened in the browser, as far as is known.

        Where a password would do as well, only if this program is known to the provider.
        """
        account = self.account
        if account is None or not account.takes_sign_in:
            return False
        refused = self.way_known and (self.way is None or not self.way.can_begin)
        return not (refused and account.takes_password)

    @property
    def is_signed_in(self) -> bool:
        """Whether the sign-in in the browser can be used as it is."""
        made = self.sign_in
        return made is not None and self.by_sign_in and not made.is_of_another

    @property
    def needs_second(self) -> bool:
        """Whether only a mailbox elsewhere shows what the person complains of."""
        return self.symptom is not None and self.symptom.needs_second_mailbox

    def begin_anew(self) -> None:
        """Forget everything about the account; what belongs to the computer stays."""
        fresh = Session(
            keyring=self.keyring,
            keyring_known=self.keyring_known,
            installed=self.installed,
            places=self.places,
            computer=self.computer,
            outlook=self.outlook,
            demo=self.demo,
            demo_can_be_left=self.demo_can_be_left,
            expert=self.expert,
            memory=self.memory,
            journal=self.journal,
            parts=self.parts,
            own_name=self.own_name,
            settings_file=self.settings_file,
        )
        self.__dict__.update(fresh.__dict__)

    @property
    def temporary_home(self) -> Path | None:
        """The home that is removed when the demo ends; None outside of the demo."""
        computer = self.computer
        return computer.home if computer is not None and computer.temporary else None

    def move_to(self, computer: "Computer | None") -> None:
        """Begin on another computer (the demo's, or back): what the last one had is unknown."""
        self.computer = computer
        self.installed, self.places, self.outlook = {}, (), ""
        self.keyring, self.keyring_known = "", False
        self.begin_anew()

    def take_address(self, address: EmailAddress) -> None:
        """Another address: what was found counts no more, and a password is not for other hosts."""
        if address == self.address:
            return
        if self.address is not None and address.domain != self.address.domain:
            self.password, self.keep_password = "", False
        self.address = address
        self._forget_findings()

    def _forget_findings(self) -> None:
        self.discovery = None
        self.password_early = False
        self.absence = ()
        self.agreed_to = ()
        self.agreed_before = ()
        self.was_refused = False
        self.account = None
        self.typed = False
        self.forget_sign_in()
        self.forget_result()

    def forget_sign_in(self) -> None:
        """Other servers: where one signs in, and who did, counts no more."""
        self.way = None
        self.way_known = False
        self.way_problem = ""
        self.sign_in = None
        self.by_sign_in = False
        self.sign_in_problem = ""
        self.sign_in_link = ""

    def forget_result(self) -> None:
        """Servers or password changed: the last test counts no more."""
        self.report = None
        self.last_report = None
        self.second_problem = ""
        self.defect = ""
        self.forget_program()

    def forget_program(self) -> None:
        """Another program is set up: what was done for the last one is not shown any more."""
        self.artifact = None
        self.matrix = None
        self.only_ours = False
        self.problem = ""
        self.applied = None
        self.profile = None
        self.command = ()
        self.notes = ()
        self.saved = ()
        self.step = None
        self.ran = frozenset()
