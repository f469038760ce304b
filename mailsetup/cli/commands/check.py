"""The verb ``check``: an account tried out for real, and the chain walked."""

import argparse
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.assistant.account_choice import alternatives_to, username_forms
from mailsetup.assistant.check.request import CheckRequest, SecondMailbox
from mailsetup.assistant.texts.common import address_fault_sentence
from mailsetup.cli import check_text, text
from mailsetup.cli.check_document import (
    check_members,
    report_members,
    sign_in_members,
    verdict_members,
)
from mailsetup.cli.common import (
    account_of,
    address_of,
    confirmed,
    find_settings,
    password_for,
    run_options,
)
from mailsetup.cli.document import discovery_document
from mailsetup.cli.engine import Engine
from mailsetup.cli.main import BROKEN, DEFECT, DONE, NEEDS_CONFIRMATION, NOT_FOUND, print_document
from mailsetup.cli.progress import live_progress
from mailsetup.cli.refusal import CommandError, Streams
from mailsetup.cli.signin import early_password, log_in_with
from mailsetup.i18n import _
from mailsetup.i18n.languages import parse_symptom
from mailsetup.model.address import AddressFailure, EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import Secret
from mailsetup.model.text import plain, without_controls
from mailsetup.reporting.build import absence_content, report_content
from mailsetup.reporting.report_file import (
    ReportFileFailure,
    ReportWritten,
    report_obstacle,
    write_report,
)

if TYPE_CHECKING:
    from mailsetup.reporting.content import ReportContent


def check(options: argparse.Namespace, streams: Streams) -> int:
    """Carry out the verb."""
    if options.domain is not None:
        from mailsetup.cli.commands.watch import watch

        return watch(options, streams)
    if options.address is None:
        raise CommandError("usage", _("An address is needed, or --domain."))
    address = address_of(options)
    report_to = _report_path(options)
    with Engine(run_options(options)) as engine:
        # A password that is there is read before anything takes time.
        early = early_password(options, streams, engine, address)
        second = _second(options, streams, engine) if options.second else None
        discovery, agreed_before = find_settings(options, streams, engine, address)
        if options.settings is not None:
            discovery = engine.run(engine.assistant.with_environment_warnings(discovery))
        document = discovery_document(address, discovery)
        if discovery.outcome is DiscoveryStatus.NOT_FOUND:
            return _absent(options, streams, engine, address, discovery, report_to)
        discovery, agreed = confirmed(discovery, options, streams)
        if discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION:
            if options.json:
                print_document(document, streams.stdout)
            else:
                text.write_discovery(discovery, streams.stdout)
                text.write_confirmation(discovery, streams.stderr)
            return NEEDS_CONFIRMATION
        given = _Given((*agreed_before, *agreed), early, second)
        request = _request(options, streams, engine, discovery, given)
        with live_progress(streams.stderr, options.json) as emit:
            report = engine.run(engine.assistant.check(request, emit))
    page = None
    if report_to is not None:
        content = report_content(report, discovery, _now(), secrets=_secrets(request))
        page = _write_report(content, report_to, options, streams)
    if options.json:
        members = {**check_members(report, _now()), **sign_in_members(request.sign_in)}
        print_document({**document, **members, **report_members(page)}, streams.stdout)
    else:
        text.write_discovery(discovery, streams.stdout)
        check_text.write_report(report, _now(), streams.stdout)
    return _status(DONE if report.is_healthy else BROKEN, page)


@dataclass(frozen=True, slots=True)
class _Given:
    """What the person gave before the test: domains agreed to, a password, a second mailbox."""

    agreed: tuple[str, ...]
    password: Secret | None
    second: SecondMailbox | None


def _request(
    options: argparse.Namespace,
    streams: Streams,
    engine: Engine,
    discovery: Discovery,
    given: _Given,
) -> CheckRequest:
    """What is to be tested, and with what; asks for what is missing."""
    address = address_of(options)
    account = account_of(discovery, address, "")
    others = alternatives_to(account, discovery.settings) if discovery.settings else ()
    secret, sign_in = (
        (given.password, None)
        if given.password is not None
        else log_in_with(options, streams, engine, account, discovery, given.agreed)
    )
    return CheckRequest(
        account=account,
        secret=secret,
        sign_in=sign_in,
        send=not options.no_send,
        blocklists=options.blocklists,
        attachment_mib=options.attachment_mib,
        wait=options.wait,
        alternatives=others,
        discovery=discovery,
        agreed=given.agreed,
        other_usernames=(
            username_forms(address, account.incoming) if options.try_usernames else ()
        ),
        second=given.second,
        symptom=parse_symptom(options.symptom) if options.symptom else None,
    )


def _secrets(request: CheckRequest) -> tuple[Secret, ...]:
    """All that must not stand in a report."""
    second = (request.second.secret,) if request.second is not None else ()
    of_sign_in = request.sign_in.secrets if request.sign_in is not None else ()
    return (request.secret, *second, *of_sign_in)


def _second(options: argparse.Namespace, streams: Streams, engine: Engine) -> SecondMailbox:
    """The other mailbox, found like the first one. Raises `CommandError` where it is not."""
    address = EmailAddress.parse(options.second)
    if isinstance(address, AddressFailure):
        raise CommandError(
            FindingId.CLIENT_ADDRESS_MALFORMED, address_fault_sentence(address.fault)
        )
    secret = password_for(options, streams, engine, address)
    with live_progress(streams.stderr, options.json) as emit:
        discovery = engine.run(engine.assistant.discover(address, emit))
    discovery, _agreed = confirmed(discovery, options, streams)
    if discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION:
        raise CommandError(
            "confirmation.needed", text.confirmation_sentence(discovery), NEEDS_CONFIRMATION
        )
    return SecondMailbox(account_of(discovery, address, ""), secret)


def _absent(
    options: argparse.Namespace,
    streams: Streams,
    engine: Engine,
    address: EmailAddress,
    discovery: Discovery,
    report_to: Path | None,
) -> int:
    """Nothing was found: the chain can still say why, and then that is what is broken."""
    verdict = engine.run(engine.assistant.explain_absence(address, discovery))
    document = discovery_document(address, discovery)
    page = None
    if report_to is not None:
        content = absence_content(address, verdict, discovery, _now())
        page = _write_report(content, report_to, options, streams)
    if options.json:
        document |= {**verdict_members(verdict), "round_trip": None, **report_members(page)}
        print_document(document, streams.stdout)
    else:
        check_text.write_nothing_found(address, discovery, verdict, streams.stdout)
    return _status(NOT_FOUND if verdict.first_broken is None else BROKEN, page)


def _status(status: int, page: ReportWritten | ReportFileFailure | None) -> int:
    """A report that is missing is a failure, also where the mail works."""
    return DEFECT if status == DONE and isinstance(page, ReportFileFailure) else status


def _now() -> datetime:
    return datetime.now().astimezone()


def _report_path(options: argparse.Namespace) -> Path | None:
    """Where the report goes. What stands in its way is said before anything takes time."""
    if options.report is None:
        return None
    path = Path(options.report)
    obstacle = report_obstacle(path, force=options.force)
    if obstacle:
        raise CommandError("report.not-written", obstacle)
    return path


def _write_report(
    content: "ReportContent", path: Path, options: argparse.Namespace, streams: Streams
) -> ReportWritten | ReportFileFailure:
    """Write the page. Where that fails, the result of the check is still printed."""
    written = write_report(content, path, pdf=options.make_pdf, force=options.force)
    if isinstance(written, ReportFileFailure):
        streams.stderr.write(f"{without_controls(written.reason)}\n")
    elif not options.json:
        streams.stderr.write(_("Report: {path}").format(path=plain(str(path))) + "\n")
    return written
