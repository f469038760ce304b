"""Operates the real window as a user does: types, clicks, waits for pages."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.events import Activity, ActivityEnded, ActivityStarted, Emit, Event, ignore
from mailsetup.assistant.flow import Page
from mailsetup.assistant.run_options import NotAsked, RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.diagnosis.chain import Diagnosis, diagnose
from mailsetup.gui.page import PageView
from mailsetup.gui.pages.complaint import ComplaintPage
from mailsetup.gui.pages.found import FoundPage
from mailsetup.gui.pages.manual import ManualPage
from mailsetup.gui.pages.password import PasswordPage
from mailsetup.gui.pages.program import ProgramPage
from mailsetup.gui.pages.result import ResultPage
from mailsetup.gui.pages.second_mailbox import SecondMailboxPage
from mailsetup.gui.pages.start import StartPage
from mailsetup.gui.pages.welcome import WelcomePage
from mailsetup.gui.window import Window
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.search_events import SourceAsked
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.model.source import Channel, Method, Source
from mailsetup.vault import Vault, VaultState
from tests.support.samples.check_results import discovery as found_discovery
from tests.support.samples.check_results import report as made_report

TIMEOUT = 20_000
"""Milliseconds."""

V = TypeVar("V", bound=PageView)


@dataclass
class Scripted(Assistant):
    """An assistant with prepared results. Steps in ``forever`` run until they are cancelled."""

    found: Discovery = field(default_factory=lambda: found_discovery(confirm=False))
    reports: list[CheckReport] = field(default_factory=lambda: [made_report(healthy=True)])
    forever: frozenset[str] = frozenset()
    keyring: VaultState = field(default_factory=lambda: VaultState(available=False))
    requests: list[CheckRequest] = field(default_factory=list)
    stored_passwords: dict[str, Secret] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    unreachable: dict[str, Finding] = field(default_factory=dict)
    """Host -> why it is unreachable."""
    needs_agreement: tuple[str, ...] = ()
    """Domains that the user has to agree to before anything is found."""
    cancelled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(RunOptions(), ScriptedVault(self))

    async def _perhaps_forever(self, step: str) -> None:
        self.started.append(step)
        if step in self.forever:
            try:
                await asyncio.sleep(3600)
            finally:
                self.cancelled.append(step)

    async def discover(
        self, address: EmailAddress, emit: Emit = ignore, *, agreed: Collection[str] = ()
    ) -> Discovery:
        """The prepared discovery."""
        emit(SourceAsked(Method.SRV, address.domain))
        await self._perhaps_forever("discover")
        if not set(self.needs_agreement) <= set(agreed):
            source = Source(Method.AUTODISCOVER, "https://ad.hoster.com/", Channel.DNS)
            return Discovery(
                DiscoveryStatus.NEEDS_CONFIRMATION, source=source, confirm=self.needs_agreement
            )
        return self.found

    async def explain_absence(
        self, address: EmailAddress, discovery: Discovery | None = None
    ) -> Diagnosis:
        """A domain without MX."""
        return diagnose(
            (Finding(FindingId.DNS_MX_MISSING, Status.FAIL, {"domain": address.display_domain}),),
            (),
        )

    async def check(
        self, request: CheckRequest, emit: Callable[[Event], None] = ignore
    ) -> CheckReport:
        """The next report, after everything that a check may do."""
        self.requests.append(request)
        emit(ActivityStarted(Activity.REACH_INCOMING, request.account.incoming.host))
        await self._perhaps_forever("check")
        for activity in Activity:
            emit(ActivityStarted(activity, "mail.bodega.example"))
            emit(ActivityEnded(activity, Status.OK, 12.0))
        return self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]

    async def reach(
        self, server: ServerSettings, address: EmailAddress
    ) -> Finding | NotAsked | None:
        """Every server is reachable but those in ``unreachable``."""
        self.started.append(f"reach {server.host}")
        await self._perhaps_forever("reach")
        return self.unreachable.get(server.host)

    def keyring_state(self) -> VaultState:
        """Whether there is a keyring; called in a worker thread."""
        return self.keyring


class ScriptedVault(Vault):
    """The keyring of a scripted assistant."""

    def __init__(self, assistant: Scripted) -> None:
        super().__init__(lambda: None)
        self._assistant = assistant

    def state(self) -> VaultState:
        return self._assistant.keyring_state()

    def store(self, address: EmailAddress, secret: Secret) -> bool:
        self._assistant.stored_passwords[address.ascii] = secret
        return True


def nothing_found() -> Discovery:
    """A search without a result."""
    return Discovery(outcome=DiscoveryStatus.NOT_FOUND)


class Person:
    """A user of the window."""

    def __init__(self, qtbot: QtBot, window: Window) -> None:
        self.bot = qtbot
        self.window = window

    def is_on(self, page: Page) -> None:
        """Wait until a page is shown."""
        self.bot.waitUntil(lambda: self.window.flow.page is page, timeout=TIMEOUT)

    def types(self, edit: QLineEdit, text: str) -> None:
        """Type into a field, replacing what is there."""
        edit.setFocus()
        edit.selectAll()
        QTest.keyClick(edit, Qt.Key.Key_Delete)
        edit.insert(text)

    def presses_enter(self) -> None:
        """The Enter key on the focus widget."""
        QTest.keyClick(self.window.focusWidget(), Qt.Key.Key_Return)

    def holds_enter(self) -> None:
        """An auto-repeated Enter key."""
        none = Qt.KeyboardModifier.NoModifier
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            again = QKeyEvent(kind, Qt.Key.Key_Return, none, "\r", True)
            QApplication.sendEvent(self.window.focusWidget(), again)

    def has_seen_the_page(self) -> None:
        """Wait until Enter counts on a page that the window showed by itself."""
        self.window.navigator.reading_timer.stop()

    def presses_escape(self) -> None:
        """The Escape key."""
        QTest.keyClick(self.window, Qt.Key.Key_Escape)

    def goes_on(self) -> None:
        """Click the primary button, which has to be visible and enabled."""
        assert self.window.footer.primary.isVisibleTo(self.window)
        assert self.window.footer.primary.isEnabled()
        self.clicks(self.window.footer.primary)

    def clicks(self, button: QAbstractButton) -> None:
        """The mouse on a button."""
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def enters_address(self, address: str, name: str = "Ana Martínez") -> None:
        """The first page."""
        page = self.start
        self.types(page.person.edit, name)
        self.types(page.address.edit, address)
        self.goes_on()

    def begins_the_test(self, password: str) -> None:
        """With an address whose provider has a hint to be read before the password."""
        self.enters_address("ana@bodegasdelebro.es")
        self.is_on(Page.FOUND)
        self.goes_on()
        self.enters_password(password)

    def enters_password(self, password: str) -> None:
        """On the page that asks for it: the found page or the password page."""
        asked = (Page.FOUND, Page.PASSWORD)
        self.bot.waitUntil(lambda: self.window.flow.page in asked, timeout=TIMEOUT)
        found = self.window.flow.page is Page.FOUND
        self.types((self.found if found else self.password).entry.edit, password)
        self.goes_on()

    def view(self, page: Page, kind: type[V]) -> V:
        """The view of a page, of the expected class."""
        view = self.window.pages.view(page)
        assert isinstance(view, kind)
        return view

    @property
    def welcome(self) -> WelcomePage:
        """The view of the page."""
        return self.view(Page.WELCOME, WelcomePage)

    @property
    def complaint(self) -> ComplaintPage:
        """The view of the page."""
        return self.view(Page.COMPLAINT, ComplaintPage)

    @property
    def second(self) -> SecondMailboxPage:
        """The view of the page."""
        return self.view(Page.SECOND, SecondMailboxPage)

    @property
    def start(self) -> StartPage:
        """The view of the page."""
        return self.view(Page.START, StartPage)

    @property
    def found(self) -> FoundPage:
        """The view of the page."""
        return self.view(Page.FOUND, FoundPage)

    @property
    def manual(self) -> ManualPage:
        """The view of the page."""
        return self.view(Page.MANUAL, ManualPage)

    @property
    def password(self) -> PasswordPage:
        """The view of the page."""
        return self.view(Page.PASSWORD, PasswordPage)

    @property
    def result(self) -> ResultPage:
        """The view of the page."""
        return self.view(Page.RESULT, ResultPage)

    @property
    def program(self) -> ProgramPage:
        """The view of the page."""
        return self.view(Page.PROGRAM, ProgramPage)


def folder_chooser(folder: Path) -> Callable[[object], str]:
    """A folder dialog that returns this folder."""
    return lambda _parent: str(folder)
