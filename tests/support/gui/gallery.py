"""Every page of the window as a picture: ``python -m tests.support.gui.gallery [FOLDER]``.

Page by page, in Spanish and English, light and dark, with made-up results, without a screen.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSettings, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from mailsetup import resources
from mailsetup.apply.result import ApplyOutcome, ProfileApplied
from mailsetup.apply.targets import find_target
from mailsetup.apply.thunderbird.undo import changed_since
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.events import (
    Activity,
    ActivityEnded,
    ActivityStarted,
    LinkJudged,
    SignInCode,
    SignInOpened,
)
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.wizard_state import (
    AccountOwner,
    BrowserSignIn,
    CheckState,
    ProgramChoice,
    ProgramSetup,
    Search,
    ServerChoice,
    TypedCredentials,
    WizardState,
)
from mailsetup.batch.events import BatchStarted, PersonDone
from mailsetup.batch.overview import Overview
from mailsetup.batch.password_commands import TableCommand
from mailsetup.batch.result import PersonState, Totals
from mailsetup.batch.table_check import BatchPlan, Person, RowFailure
from mailsetup.diagnosis.catalogue import explain
from mailsetup.export.exporter import ExportFailure
from mailsetup.export.guide.qr import QrMatrix
from mailsetup.export.programs.thunderbird_android import qr_matrix
from mailsetup.gui.app import make_application
from mailsetup.gui.batch_state import BatchState
from mailsetup.gui.page import OverlayPage
from mailsetup.gui.pages.batch_run import BatchRunPage
from mailsetup.gui.pages.searching import SearchingPage
from mailsetup.gui.pages.sign_in import SignInPage
from mailsetup.gui.pages.testing import TestingPage
from mailsetup.gui.preferences import Preferences
from mailsetup.gui.theme import apply_theme
from mailsetup.gui.window import Window
from mailsetup.i18n import _, set_language
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.search_events import SourceAnswered, SourceAsked
from mailsetup.model.settings import Authentication
from mailsetup.model.source import Method
from mailsetup.model.source_result import SourceAttempt, SourceStatus
from tests.support.oauth.sign_ins import sign_in_as, sign_in_way
from tests.support.samples.check_results import (
    ACCOUNT,
    ADDRESS,
    IMAP,
    SMTP,
    answered,
    discovery,
    rejected,
    report,
)

SIZE = QSize(880, 680)
_TURNS = 24
"""Of the event loop, until a page with wrapped texts has its heights."""


def pictures() -> dict[str, Page]:
    """The names of the pictures and the page that each shows."""
    return {
        "welcome": Page.WELCOME,
        "complaint": Page.COMPLAINT,
        "technician": Page.TECHNICIAN,
        "fleet": Page.BATCH,
        "fleet-faults": Page.BATCH,
        "fleet-commands": Page.BATCH,
        "fleet-run": Page.BATCH_RUN,
        "fleet-done": Page.BATCH_DONE,
        "fleet-left": Page.BATCH_DONE,
        "start": Page.START,
        "looking": Page.SEARCHING,
        "found": Page.FOUND,
        "hint": Page.FOUND,
        "confirm": Page.FOUND,
        "manual": Page.MANUAL,
        "password": Page.PASSWORD,
        "sign-in": Page.SIGN_IN,
        "signing-in": Page.SIGN_IN,
        "sign-in-code": Page.SIGN_IN,
        "no-client": Page.SIGN_IN,
        "other-account": Page.SIGN_IN,
        "refused": Page.PASSWORD,
        "second": Page.SECOND,
        "testing": Page.TESTING,
        "result": Page.RESULT,
        "broken": Page.RESULT,
        "hosting": Page.RESULT,
        "answer": Page.RESULT,
        "program": Page.PROGRAM,
        "done": Page.DONE,
        "guide": Page.DONE,
        "phone": Page.DONE,
        "outlook": Page.DONE,
        "changed-since": Page.DONE,
        "about": Page.WELCOME,
        "log": Page.TESTING,
    }


def batch_state(name: str) -> BatchState:
    """A table of people, for the pages about it."""
    people = tuple(
        Person(row, EmailAddress(f"p{row}", f"d{row % 3}.es"), f"P {row}", "es", ())
        for row in range(2, 202)
    )
    reasons = (
        (17, _("{address} is in row {row} already.").format(address="ana@bodega.es", row=4)),
        (
            58,
            _("The language “{word}” is not known. Known: {known}.").format(
                word="klingon", known="es, en"
            ),
        ),
    )
    problems = tuple(RowFailure(row, reason) for row, reason in reasons)
    commands = (
        TableCommand("pass show mail/{address}", tuple(range(2, 190))),
        TableCommand("keepassxc-cli show -a Password office.kdbx {local}", (190, 191)),
    )
    totals = Totals()
    good = name == "fleet-done"
    totals.add([PersonState.WORKS] * (200 if good else 183))
    if not good:
        totals.add(
            [PersonState.BROKEN] * 4
            + [PersonState.NOT_TESTED] * 9
            + [PersonState.NEEDS_CONFIRMATION] * 4
        )
    return BatchState(
        table=Path("altas-enero.xlsx"),
        out=Path("altas-enero-mailsetup"),
        form="Excel",
        programs=("thunderbird", "outlook"),
        check=True,
        plan=BatchPlan(people, problems if name == "fleet-faults" else ()),
        commands=commands if name == "fleet-commands" else (),
        overview=Overview((), totals, () if good else ("hoster.com",)),
    )


def show(window: Window, name: str) -> None:
    """Show a page with sample data."""
    state, page = window.state, pictures()[name]
    state.start_over()
    state.owner = AccountOwner("Ana Martínez", str(ADDRESS), ADDRESS)
    state.search = _search(name)
    state.servers = ServerChoice(ACCOUNT, typed=name == "refused")
    passwords = {"password": "abcd efgh ijkl mnop", "refused": "mala-mala"}
    state.credentials = TypedCredentials(passwords.get(name, ""))
    state.computer = replace(
        state.computer,
        keyring="Secret Service",
        keyring_known=True,
        installed={"thunderbird": True, "outlook": None, "gmail": None},
        outlook="outlook.exe" if name == "outlook" else state.computer.outlook,
    )
    state.check = CheckState(_report(name))
    programs = {"guide": "gmail", "phone": "thunderbird-android", "outlook": "outlook"}
    state.program = ProgramChoice(programs.get(name, "thunderbird"))
    state.setup = _setup(name, state.program.program)
    batch = window.services.batch
    batch.state = batch_state(name) if name.startswith("fleet") else BatchState()
    if page is Page.SIGN_IN:
        _prepare_sign_in(state, name)
    window.flow.restart(page)
    window.navigator.close_overlay()
    window.navigator.show_page()
    _play(window, page)
    _play_sign_in(window, name)
    overlays = {"about": OverlayPage.ABOUT, "log": OverlayPage.LOG}
    if name in overlays:
        window.navigator.open_overlay(overlays[name])


def _search(name: str) -> Search:
    found = discovery(confirm=name == "confirm")
    if name == "found" and found.settings is not None:
        found = replace(found, settings=replace(found.settings, hints=()))
    return Search(discovery=found)


def _report(name: str) -> CheckReport:
    match name:
        case "hosting":
            return rejected()
        case "answer":
            return answered()
        case _:
            return report(healthy=name not in ("broken", "refused"))


def _setup(name: str, program: str) -> ProgramSetup:
    if name in ("done", "changed-since"):
        command = ("thunderbird", "-P", "ana")
        done = ProfileApplied(Path("ana"), "ana", command, outcome=ApplyOutcome.ADDED)
        changed = name == "changed-since"
        return ProgramSetup(
            applied=done,
            profile=Path("ana"),
            command=command,
            only_ours=changed,
            problem=changed_since(str(ADDRESS)) if changed else "",
        )
    target = find_target(program)
    if name not in ("guide", "phone", "outlook") or target is None:
        return ProgramSetup()
    artifact = target.load_exporter().export(ACCOUNT)
    if isinstance(artifact, ExportFailure):
        return ProgramSetup()
    code = qr_matrix(ACCOUNT) if name == "phone" else None
    folder = Path("/mailsetup").absolute()
    saved = tuple(folder / file.name for file in artifact.files)
    return ProgramSetup(
        artifact=artifact,
        matrix=code if isinstance(code, QrMatrix) else None,
        saved=saved if name == "outlook" else (),
    )


def _prepare_sign_in(state: WizardState, name: str) -> None:
    """An account that is opened with the browser, at a provider that knows us or does not."""
    ways = (Authentication.OAUTH2,)
    account = replace(
        ACCOUNT,
        incoming=replace(IMAP, host="outlook.office365.com", authentication=ways),
        outgoing=replace(SMTP, host="smtp.office365.com", authentication=ways),
    )
    method = sign_in_way(account, known=name != "no-client")
    other = sign_in_as(method, "info@bodegasdelebro.es") if name == "other-account" else None
    state.servers = ServerChoice(account)
    state.sign_in = BrowserSignIn(method, method_known=True, result=other)


def _play_sign_in(window: Window, name: str) -> None:
    """A sign-in is in progress in the browser, or on another device."""
    view = window.pages.view(window.flow.page)
    if not isinstance(view, SignInPage):
        return
    view.open_url = lambda _url: True
    if name == "signing-in":
        view.on_event(SignInOpened("https://login.example.org/", "login.microsoftonline.com"))
    if name == "sign-in-code":
        view.on_event(SignInCode("https://microsoft.com/devicelogin", "GHTK-RWPD", 900.0))


def _play(window: Window, page: Page) -> None:
    """Events for the pages on which a job runs."""
    view = window.pages.view(page)
    if isinstance(view, BatchRunPage):
        view.on_event(BatchStarted(people=200, done_before=0, domains=3))
        facts = {"host": IMAP.host}
        refused = explain(Finding(FindingId.ACCOUNT_LOGIN_REFUSED, Status.FAIL, facts))
        for row in range(2, 117):
            works = row % 40
            state = PersonState.WORKS if works else PersonState.BROKEN
            address = f"p{row}@bodegasdelebro.es"
            view.on_event(PersonDone(row, address, state, "" if works else refused.title))
    if isinstance(view, SearchingPage):
        for method in (Method.BUILTIN, Method.AUTOCONFIG, Method.ISPDB, Method.SRV, Method.MX):
            view.on_event(SourceAsked(method, "bodegasdelebro.es"))
        view.on_event(SourceAnswered(SourceAttempt(Method.BUILTIN, SourceStatus.ABSENT, 1.0)))
        view.on_event(SourceAnswered(SourceAttempt(Method.SRV, SourceStatus.FOUND, 40.0)))
    if isinstance(view, TestingPage):
        view.on_event(LinkJudged(Link.DNS, Status.OK))
        for activity, host in (
            (Activity.LOOK_AT_DOMAIN, ""),
            (Activity.REACH_INCOMING, IMAP.host),
            (Activity.REACH_OUTGOING, SMTP.host),
            (Activity.LOG_IN_INCOMING, ""),
        ):
            view.on_event(ActivityStarted(activity, host))
            view.on_event(ActivityEnded(activity, Status.OK, 180.0))
        view.on_event(LinkJudged(Link.DNS, Status.OK))
        view.on_event(ActivityStarted(Activity.SEND))
        view.on_event(ActivityEnded(Activity.SEND, Status.OK, 310.0))
        view.on_event(ActivityStarted(Activity.WAIT_FOR_ARRIVAL, "INBOX"))


def main(arguments: list[str]) -> int:
    """Paint all pictures into a folder."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.gui.gallery", description=main.__doc__
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=resources.path("screenshots"), metavar="FOLDER"
    )
    folder: Path = parser.parse_args(arguments).folder
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    folder.mkdir(parents=True, exist_ok=True)
    application = make_application()
    for language in ("es", "en"):
        set_language(language)
        for dark in (False, True):
            apply_theme(application, dark=dark)
            _paint_all(application, folder, f"{language}-{'dark' if dark else 'light'}")
    return 0


def _paint_all(application: QApplication, folder: Path, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        _paint_with(application, folder, suffix, _preferences(Path(home)))


def _preferences(home: Path) -> Preferences:
    """A computer on which two addresses were used before."""
    preferences = Preferences(QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat))
    preferences.allow_addresses(True)
    for address in (EmailAddress("tienda", "bodegasdelebro.es"), ADDRESS):
        preferences.store_address(address)
    return preferences


def _paint_with(
    application: QApplication, folder: Path, suffix: str, preferences: Preferences
) -> None:
    window = Window(Assistant, preferences=preferences)
    window.resize(SIZE)
    window.show()
    for name in pictures():
        show(window, name)
        for _turn in range(_TURNS):
            application.processEvents()
        # Without the alpha channel and well packed: there are many of them.
        picture = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        picture.save(str(folder / f"{name}-{suffix}.png"), quality=0)
    window.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
