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
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.events import (
    Activity,
    ActivityEnded,
    ActivityStarted,
    LinkJudged,
    SignInCode,
    SignInOpened,
    SourceAnswered,
    SourceAsked,
)
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.symptoms import answer
from mailsetup.gui.app import make_application
from mailsetup.gui.batch_state import BatchState
from mailsetup.gui.preferences import Preferences
from mailsetup.gui.session import Session
from mailsetup.gui.theme import apply_theme
from mailsetup.gui.window import Window
from mailsetup.i18n import _, set_language
from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import LoggedIn, RoundTrip
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import (
    Account,
    AccountSettings,
    Authentication,
    Hint,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import SourceAttempt, SourceStatus
from mailsetup.model.symptom import Symptom
from tests.support.oauth.sign_ins import sign_in_as, sign_in_way

SIZE = QSize(880, 680)
_TURNS = 24
"""Of the event loop, until a page with wrapped texts has its heights."""
_ADDRESS = EmailAddress("ana", "bodegasdelebro.es")
_IMAP = ServerSettings(Protocol.IMAP, "imap.correo-iberico.es", 993, SocketType.TLS, _ADDRESS.ascii)
_SMTP = ServerSettings(Protocol.SMTP, "smtp.correo-iberico.es", 465, SocketType.TLS, _ADDRESS.ascii)
_ACCOUNT = Account(_ADDRESS, _IMAP, _SMTP, "Ana Martínez")


def discovery(*, confirm: bool) -> Discovery:
    """Something that was found; with or without a question."""
    source = (
        Source(
            Method.MX, "https://autoconfig.correo-iberico.es/mail/config-v1.1.xml", Channel.HTTPS
        )
        if confirm
        else Source(
            Method.AUTOCONFIG,
            "https://autoconfig.bodegasdelebro.es/mail/config-v1.1.xml",
            Channel.HTTPS,
        )
    )
    return Discovery(
        outcome=DiscoveryStatus.NEEDS_CONFIRMATION if confirm else DiscoveryStatus.FOUND,
        settings=AccountSettings(
            (_IMAP,),
            (_SMTP,),
            "Correo Ibérico",
            (Hint("app-password", "https://example.org/"),) if not confirm else (),
        ),
        source=source,
        confirm=("correo-iberico.es",) if confirm else (),
    )


def report(*, healthy: bool) -> CheckReport:
    """A test that went well, or one with a refused login."""
    refused = Finding(
        FindingId.ACCOUNT_LOGIN_REFUSED,
        Status.FAIL,
        {"host": _IMAP.host},
        {
            "server": f"{_IMAP.host}:993",
            "code": "NO AUTHENTICATIONFAILED",
            "answer": "Login failed",
        },
    )
    good = Status.OK if healthy else Status.FAIL
    return CheckReport(
        account=_ACCOUNT,
        chain=(
            (Link.HOSTING, Status.OK),
            (Link.ACCOUNT, good),
            (Link.DNS, Status.OK),
            (Link.CLIENT, Status.OK),
        ),
        first_broken=None if healthy else Link.ACCOUNT,
        findings=() if healthy else (refused,),
        incoming=LoggedIn(_IMAP, "SCRAM-SHA-256", "TLSv1.3", 41.0) if healthy else None,
        outgoing=LoggedIn(_SMTP, "PLAIN", "TLSv1.3", 38.0) if healthy else None,
        round_trip=RoundTrip(310.0, 900.0, "INBOX", False, True, 1_435_755, True, "<x@y>")
        if healthy
        else None,
        elapsed_ms=1800.0,
    )


def answered() -> CheckReport:
    """Mail that works but is not identified, as the answer to a complaint."""
    spf = Finding(FindingId.DNS_SPF_MISSING, Status.WARN, {"domain": _ADDRESS.domain})
    told = answer(Symptom.SPAM, (spf,), proven=True, saw_elsewhere=False)
    healthy = report(healthy=True)
    chain = tuple(
        (link, Status.WARN if link is Link.DNS else status) for link, status in healthy.chain
    )
    return replace(healthy, chain=chain, findings=(spf,), answer=told)


def rejected() -> CheckReport:
    """A message that the hosting does not take: others have to act."""
    said = Finding(
        FindingId.HOSTING_MESSAGE_REJECTED,
        Status.FAIL,
        {"host": _SMTP.host},
        {
            "server": f"{_SMTP.host}:{_SMTP.port}",
            "protocol": "smtp",
            "stage": "data",
            "code": "554 5.7.1",
            "answer": "Message rejected under suspicion of SPAM",
        },
    )
    chain = tuple(
        (link, Status.FAIL if link is Link.HOSTING else status)
        for link, status in report(healthy=True).chain
    )
    broken = replace(report(healthy=True), chain=chain, first_broken=Link.HOSTING)
    return replace(broken, findings=(said,), round_trip=None)


def pictures() -> dict[str, Page]:
    """The names of the pictures and the page that each shows."""
    return {
        "welcome": Page.WELCOME,
        "complaint": Page.COMPLAINT,
        "technician": Page.TECHNICIAN,
        "fleet": Page.FLEET,
        "fleet-faults": Page.FLEET,
        "fleet-commands": Page.FLEET,
        "fleet-run": Page.FLEET_RUN,
        "fleet-done": Page.FLEET_DONE,
        "fleet-left": Page.FLEET_DONE,
        "start": Page.START,
        "looking": Page.LOOKING,
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


def fleet(name: str) -> BatchState:
    """A table of people, for the pages about it."""
    from mailsetup.batch.overview import Overview
    from mailsetup.batch.password_commands import TableCommand
    from mailsetup.batch.result import PersonState, Totals
    from mailsetup.batch.table_check import BatchPlan, Person, RowFailure

    people = tuple(
        Person(row, EmailAddress(f"p{row}", f"d{row % 3}.es"), f"P {row}", "es", ())
        for row in range(2, 202)
    )
    reasons = (
        (17, _("{address} is in row {row} already.").format(address="ana@bodega.es", row=4)),
        (58, _("The language “{word}” is not known. Write es or en.").format(word="klingon")),
    )
    problems = tuple(RowFailure(row, reason) for row, reason in reasons)
    state = BatchState()
    state.choose(Path("altas-enero.xlsx"))
    state.out = Path("altas-enero-mailsetup")
    state.form, state.programs, state.check = "Excel", ("thunderbird", "outlook"), True
    state.plan = BatchPlan(people, problems if name == "fleet-faults" else ())
    if name == "fleet-commands":
        state.commands = (
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
    state.overview = Overview((), totals, () if good else ("hoster.com",))
    return state


def show(window: Window, name: str) -> None:
    """Bring the window to a page with something to show on it."""
    from mailsetup.apply.result import ApplyOutcome, ProfileApplied
    from mailsetup.apply.targets import find_target
    from mailsetup.apply.thunderbird.undo import changed_since
    from mailsetup.export.exporter import Artifact, ExportFailure
    from mailsetup.export.programs.thunderbird_android import qr_matrix

    session = window.state
    session.begin_anew()
    session.person, session.address_text, session.address = "Ana Martínez", str(_ADDRESS), _ADDRESS
    session.discovery = discovery(confirm=name == "confirm")
    if name == "found" and session.discovery.settings is not None:
        plain_settings = replace(session.discovery.settings, hints=())
        session.discovery = replace(session.discovery, settings=plain_settings)
    session.account = _ACCOUNT
    session.keyring, session.keyring_known = "Secret Service", True
    session.installed = {"thunderbird": True, "outlook": None, "gmail": None}
    session.password = "abcd efgh ijkl mnop" if name == "password" else ""
    session.report = report(healthy=name not in ("broken", "refused"))
    if name == "refused":
        session.password, session.typed = "mala-mala", True
    if name == "hosting":
        session.report = rejected()
    if name == "answer":
        session.report = answered()
    if name in ("done", "changed-since"):
        command = ("thunderbird", "-P", "ana")
        session.applied = ProfileApplied(
            Path("ana"), "ana", command, Path(), None, outcome=ApplyOutcome.ADDED
        )
        session.profile, session.command = Path("ana"), command
    if name == "changed-since":
        session.only_ours = True
        session.problem = changed_since(str(_ADDRESS))
    if name in ("guide", "phone", "outlook"):
        programs = {"guide": "gmail", "phone": "thunderbird-android", "outlook": "outlook"}
        session.program = programs[name]
        chosen = find_target(session.program)
        artifact = chosen.exporter.export(_ACCOUNT) if chosen else None
        session.artifact = artifact if isinstance(artifact, Artifact) else None
    if name == "outlook" and session.artifact is not None:
        session.outlook = "outlook.exe"
        folder = Path("/mailsetup").absolute()
        session.saved = tuple(folder / file.name for file in session.artifact.files)
    if name == "phone":
        matrix = qr_matrix(_ACCOUNT)
        session.matrix = None if isinstance(matrix, ExportFailure) else matrix
    if name.startswith("fleet"):
        session.fleet = fleet(name)
    if pictures()[name] is Page.SIGN_IN:
        _prepare_sign_in(session, name)
    page = pictures()[name]
    window.flow.page = page
    window.flow._history = [] if page is Page.WELCOME else [Page.WELCOME]
    window.navigator.close_overlay()
    window._show_page()
    _play(window, page)
    _play_sign_in(window, name)
    if name == "about":
        window.navigator.show_about()
    if name == "log":
        window._show_log()


def _prepare_sign_in(session: Session, name: str) -> None:
    """An account that is opened in the browser, at a provider that knows us or does not."""
    ways = (Authentication.OAUTH2,)
    session.account = replace(
        _ACCOUNT,
        incoming=replace(_IMAP, host="outlook.office365.com", authentication=ways),
        outgoing=replace(_SMTP, host="smtp.office365.com", authentication=ways),
    )
    session.way_known, session.way = True, sign_in_way(session.account, known=name != "no-client")
    if name == "other-account":
        session.sign_in = sign_in_as(session.way, "info@bodegasdelebro.es")


def _play_sign_in(window: Window, name: str) -> None:
    """Let the browser, or another device, be waited for."""
    from mailsetup.gui.pages.sign_in import SignInPage

    view = window.pages.view(window.flow.page)
    if not isinstance(view, SignInPage):
        return
    view.open_url = lambda _url: True
    if name == "signing-in":
        view.take(SignInOpened("https://login.example.org/", "login.microsoftonline.com"))
    if name == "sign-in-code":
        view.take(SignInCode("https://microsoft.com/devicelogin", "GHTK-RWPD", 900.0))


def _play(window: Window, page: Page) -> None:
    """Let the pages on which the engine works have seen something of it."""
    from mailsetup.batch.events import BatchStarted, PersonDone
    from mailsetup.batch.result import PersonState
    from mailsetup.gui.pages.batch_run import BatchRunPage
    from mailsetup.gui.pages.searching import SearchingPage
    from mailsetup.gui.pages.testing import TestingPage

    view = window.pages.view(page)
    if isinstance(view, BatchRunPage):
        view.follow(BatchStarted(people=200, done_before=0, domains=3))
        facts = {"host": _IMAP.host}
        refused = explain(Finding(FindingId.ACCOUNT_LOGIN_REFUSED, Status.FAIL, facts))
        for row in range(2, 117):
            works = row % 40
            state = PersonState.WORKS if works else PersonState.BROKEN
            address = f"p{row}@bodegasdelebro.es"
            view.follow(PersonDone(row, address, state, "" if works else refused.title))
    if isinstance(view, SearchingPage):
        for method in (Method.BUILTIN, Method.AUTOCONFIG, Method.ISPDB, Method.SRV, Method.MX):
            view.take(SourceAsked(method, "bodegasdelebro.es"))
        view.take(SourceAnswered(SourceAttempt(Method.BUILTIN, SourceStatus.ABSENT, 1.0)))
        view.take(SourceAnswered(SourceAttempt(Method.SRV, SourceStatus.FOUND, 40.0)))
    if isinstance(view, TestingPage):
        view.take(LinkJudged(Link.DNS, Status.OK))
        for activity, host in (
            (Activity.LOOK_AT_DOMAIN, ""),
            (Activity.REACH_INCOMING, _IMAP.host),
            (Activity.REACH_OUTGOING, _SMTP.host),
            (Activity.LOG_IN_INCOMING, ""),
        ):
            view.take(ActivityStarted(activity, host))
            view.take(ActivityEnded(activity, Status.OK, 180.0))
        view.take(LinkJudged(Link.DNS, Status.OK))
        view.take(ActivityStarted(Activity.SEND))
        view.take(ActivityEnded(Activity.SEND, Status.OK, 310.0))
        view.take(ActivityStarted(Activity.WAIT_FOR_ARRIVAL, "INBOX"))


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
        _paint_with(application, folder, suffix, _memory(Path(home)))


def _memory(home: Path) -> Preferences:
    """A computer on which two addresses were used before."""
    memory = Preferences(QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat))
    memory.allow_addresses(True)
    for address in (EmailAddress("tienda", "bodegasdelebro.es"), _ADDRESS):
        memory.keep_address(address)
    return memory


def _paint_with(application: QApplication, folder: Path, suffix: str, memory: Preferences) -> None:
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
