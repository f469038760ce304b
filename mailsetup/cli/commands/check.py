"""The command ``check``: tests an account, and walks the chain from the program to the account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailsetup.assistant.account_choice import alternatives_to, username_forms
from mailsetup.assistant.check.request import CheckRequest, SecondMailbox
from mailsetup.cli import check_text, text
from mailsetup.cli.account_arguments import (
    account_from,
    confirmed,
    parse_address,
    require_confirmation,
)
from mailsetup.cli.check_document import (
    check_members,
    report_members,
    sign_in_members,
)
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.credentials import ask_for_credentials, available_password
from mailsetup.cli.diagnosis_document import verdict_members
from mailsetup.cli.document import discovery_document
from mailsetup.cli.engine import Engine, run_options
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import print_document
from mailsetup.cli.parser.check import CheckCommand
from mailsetup.cli.password import password_for
from mailsetup.cli.progress import live_progress
from mailsetup.cli.search import find_settings
from mailsetup.cli.services import CommandServices, MakeReportPdf
from mailsetup.cli.streams import Streams
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.secret import Secret
from mailsetup.model.text import plain, without_controls
from mailsetup.reporting.build import absence_content, report_content
from mailsetup.reporting.content import ReportContent
from mailsetup.reporting.report_file import (
    ReportFileFailure,
    ReportWritten,
    report_obstacle,
    write_report,
)


def run(command: CheckCommand, streams: Streams, services: CommandServices) -> ExitStatus:
    """Find the settings, test the account and print the report."""
    address = parse_address(command.address)
    page = _ReportPage(command, streams, services.make_report_pdf)
    options = run_options(command.search, oauth_client_id=command.sign_in.oauth_client_id)
    with Engine(options) as engine:
        # A password that is available is read before anything takes time.
        password = available_password(command, streams, engine, address)
        second = _second_mailbox(command.second, command, streams, engine)
        discovery, agreed_before = find_settings(command.search, streams, engine, address)
        if command.search.settings is not None:
            discovery = engine.run(engine.assistant.with_environment_warnings(discovery))
        document = discovery_document(address, discovery)
        if discovery.outcome is DiscoveryStatus.NOT_FOUND:
            return _report_absence(streams, engine, address, discovery, page)
        discovery, agreed = confirmed(discovery, streams)
        if discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION:
            if streams.wants_json:
                print_document(document, streams.stdout)
            else:
                text.write_discovery(discovery, streams.stdout)
                text.write_confirmation(discovery, streams.stderr)
            return ExitStatus.NEEDS_CONFIRMATION
        given = _Given(address, (*agreed_before, *agreed), password, second)
        request = _request(command, streams, engine, discovery, given)
        with live_progress(streams) as emit:
            report = engine.run(engine.assistant.check(request, emit))
    page.write(lambda: report_content(report, discovery, _now(), secrets=_secrets(request)))
    if streams.wants_json:
        members = {**check_members(report, _now()), **sign_in_members(request.sign_in)}
        print_document({**document, **members, **report_members(page.result)}, streams.stdout)
    else:
        text.write_discovery(discovery, streams.stdout)
        check_text.write_report(report, _now(), streams.stdout)
    return page.status(ExitStatus.DONE if report.is_healthy else ExitStatus.BROKEN)


@dataclass(frozen=True, slots=True)
class _Given:
    """What the user gave before the test; ``agreed`` are domains."""

    address: EmailAddress
    agreed: tuple[str, ...]
    password: Secret | None
    second: SecondMailbox | None


def _request(
    command: CheckCommand, streams: Streams, engine: Engine, discovery: Discovery, given: _Given
) -> CheckRequest:
    """What is to be tested; asks for a password or sign-in that is missing."""
    account = account_from(discovery.settings, given.address, "")
    secret, sign_in = (
        (given.password, None)
        if given.password is not None
        else ask_for_credentials(command, streams, engine, account, discovery, given.agreed)
    )
    return CheckRequest(
        account=account,
        secret=secret,
        sign_in=sign_in,
        send=not command.message.no_send,
        blocklists=command.blocklists,
        attachment_mib=command.message.attachment_mib,
        wait=command.message.wait,
        alternatives=alternatives_to(account, discovery.settings) if discovery.settings else (),
        discovery=discovery,
        agreed=given.agreed,
        other_usernames=(
            username_forms(given.address, account.incoming) if command.try_usernames else ()
        ),
        second=given.second,
        symptom=command.symptom,
    )


def _secrets(request: CheckRequest) -> tuple[Secret, ...]:
    """Everything that must not appear in a report."""
    second = (request.second.secret,) if request.second is not None else ()
    of_sign_in = request.sign_in.secrets if request.sign_in is not None else ()
    return (request.secret, *second, *of_sign_in)


def _second_mailbox(
    typed: str | None, command: CheckCommand, streams: Streams, engine: Engine
) -> SecondMailbox | None:
    """The mailbox of ``--second``, found like the first one. Raises `CommandError`."""
    if not typed:
        return None
    address = parse_address(typed)
    secret = password_for(address, streams, engine, from_stdin=command.password_stdin)
    with live_progress(streams) as emit:
        discovery = engine.run(engine.assistant.discover(address, emit))
    discovery, _agreed = confirmed(discovery, streams)
    require_confirmation(discovery)
    return SecondMailbox(account_from(discovery.settings, address, ""), secret)


def _report_absence(
    streams: Streams,
    engine: Engine,
    address: EmailAddress,
    discovery: Discovery,
    page: "_ReportPage",
) -> ExitStatus:
    """Nothing was found: the chain may explain why, and then its first fault is the result."""
    verdict = engine.run(engine.assistant.explain_absence(address, discovery))
    page.write(lambda: absence_content(address, verdict, discovery, _now()))
    if streams.wants_json:
        document = discovery_document(address, discovery)
        document |= {**verdict_members(verdict), "round_trip": None, **report_members(page.result)}
        print_document(document, streams.stdout)
    else:
        check_text.write_nothing_found(address, discovery, verdict, streams.stdout)
    return page.status(ExitStatus.NOT_FOUND if verdict.first_broken is None else ExitStatus.BROKEN)


def _now() -> datetime:
    return datetime.now().astimezone()


class _ReportPage:
    """The file of ``--report``. Raises `CommandError` where it is known to be unwritable."""

    def __init__(
        self, command: CheckCommand, streams: Streams, make_pdf: MakeReportPdf | None
    ) -> None:
        self._path: Path | None = command.report
        self._force = command.force
        self._make_pdf = make_pdf
        self._streams = streams
        self.result: ReportWritten | ReportFileFailure | None = None
        obstacle = report_obstacle(self._path, force=self._force) if self._path else ""
        if obstacle:
            raise CommandError("report.not-written", obstacle)

    def write(self, content: Callable[[], ReportContent]) -> None:
        """Write the file if there is to be one; the result of the check is printed in any case."""
        if self._path is None:
            return
        self.result = write_report(content(), self._path, pdf=self._make_pdf, force=self._force)
        if isinstance(self.result, ReportFileFailure):
            self._streams.stderr.write(f"{without_controls(self.result.reason)}\n")
        elif not self._streams.wants_json:
            shown = plain(str(self._path))
            self._streams.stderr.write(_("Report: {path}").format(path=shown) + "\n")

    def status(self, status: ExitStatus) -> ExitStatus:
        """A missing report is a failure, also where the mail works."""
        is_missing = isinstance(self.result, ReportFileFailure)
        return ExitStatus.FAILED if status is ExitStatus.DONE and is_missing else status
