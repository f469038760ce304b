"""The verbs: discover, check, export, apply, programs."""

import argparse
import asyncio
import json
from collections.abc import Collection, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, TextIO, TypeVar, assert_never

from mailsetup.assistant.service import (
    Assistant,
    CheckRequest,
    Discovery,
    NetworkOptions,
    Outcome,
    RunOptions,
    SecondMailbox,
    alternatives_to,
    choose_account,
    parse_resolver,
    parse_symptom,
    settings_discovery,
    username_forms,
)
from mailsetup.assistant.wording import address_fault_sentence
from mailsetup.cli import text
from mailsetup.cli.document import (
    Document,
    check_members,
    discovery_document,
    error_document,
    verdict_members,
)
from mailsetup.cli.main import (
    BAD_INPUT,
    BROKEN,
    DONE,
    NEEDS_CONFIRMATION,
    NOT_FOUND,
    print_document,
)
from mailsetup.cli.progress import live_progress
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress, MalformedAddress
from mailsetup.model.document import SCHEMA, SettingsProblem, settings_from_json
from mailsetup.model.hostname import to_a_label, to_u_label
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account
from mailsetup.model.text import has_control

_T = TypeVar("_T")

_MAX_SETTINGS_FILE = 1024 * 1024
_MAX_PASSWORD = 4096
_MAX_QUESTIONS = 3
"""How often a domain may send us on to somebody else before we give up."""


class RefusalError(Exception):
    """Something the person has to change: the id for machines, the sentence for people."""

    def __init__(self, error_id: str, message: str, status: int = BAD_INPUT) -> None:
        super().__init__(message)
        self.error_id = error_id
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class _Streams:
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO


class _Engine:
    """The assistant in one event loop for a whole verb, so that steps go on with what is open."""

    def __init__(self, options: RunOptions) -> None:
        self.assistant = Assistant(options)
        self._runner = asyncio.Runner()

    def run(self, work: Coroutine[object, object, _T]) -> _T:
        """Wait for a step of the assistant; Ctrl-C ends it."""
        return self._runner.run(work)

    def __enter__(self) -> Self:
        # The loop is made here: where that fails, nothing has begun yet.
        self._runner.get_loop()
        return self

    def __exit__(self, *_: object) -> None:
        with self._runner:
            self._runner.run(self.assistant.close())


def run_verb(options: argparse.Namespace, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Carry out one verb and return its exit status."""
    streams = _Streams(stdin, stdout, stderr)
    try:
        match options.verb:
            case "discover":
                return _discover(options, streams)
            case "check":
                return _check(options, streams)
            case "export":
                return _export(options, streams)
            case "apply":
                return _apply(options, streams)
            case _:
                return _programs(options, streams)
    except RefusalError as refusal:
        if options.json:
            print_document(error_document(refusal.error_id, refusal.message), stdout)
        else:
            stderr.write(f"{refusal.message}\n")
        return refusal.status


# What the options say ---------------------------------------------------------------------------


def _address(options: argparse.Namespace) -> EmailAddress:
    parsed = EmailAddress.parse(options.address)
    if isinstance(parsed, MalformedAddress):
        raise RefusalError("client.address.malformed", address_fault_sentence(parsed.fault))
    return parsed


def _run_options(options: argparse.Namespace) -> RunOptions:
    resolver = None
    if options.resolver is not None:
        resolver = parse_resolver(options.resolver)
        if resolver is None:
            raise RefusalError(
                "usage", _("--resolver needs an IP address, such as 192.0.2.53 or 192.0.2.53:5353.")
            )
    ca_files: tuple[Path, ...] = ()
    if options.ca_file is not None:
        ca_files = (_ca_file(Path(options.ca_file)),)
    return RunOptions(
        network=NetworkOptions(resolver=resolver, ca_files=ca_files),
        agreed=tuple(_trusted(domain) for domain in options.trust),
        budget=options.timeout,
        offline=options.offline,
        plain_http=options.allow_http,
    )


def _trusted(domain: str) -> str:
    name = to_a_label(domain)
    if name is None or "." not in name:
        raise RefusalError("usage", _("--trust needs a domain, such as hoster.com."))
    return name


def _ca_file(path: Path) -> Path:
    import ssl

    try:
        ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError):
        raise RefusalError(
            "ca-file.unreadable",
            _("The file of --ca-file cannot be read as certificates: {path}").format(path=path),
        ) from None
    return path


def _settings_file(path: Path, address: EmailAddress) -> Discovery:
    try:
        if path.stat().st_size > _MAX_SETTINGS_FILE:
            raise RefusalError("settings.unusable", _("The settings file is far too large."))
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise RefusalError(
            "settings.unreadable",
            _("The settings file cannot be opened: {path}").format(path=path),
        ) from None
    except (ValueError, RecursionError):
        raise RefusalError(
            "settings.unusable", _("The settings file is not JSON: {path}").format(path=path)
        ) from None
    settings = settings_from_json(document, address)
    if isinstance(settings, SettingsProblem):
        raise RefusalError(
            "settings.unusable",
            _("The settings file cannot be used. {where}: {problem}.").format(
                where=settings.where, problem=settings.problem
            ),
        )
    return settings_discovery(settings, str(path))


def _password(
    options: argparse.Namespace, streams: _Streams, engine: _Engine, address: EmailAddress
) -> Secret:
    if options.password_stdin:
        line = streams.stdin.readline(_MAX_PASSWORD + 2)
        value = line.rstrip("\r\n")
        if not value:
            raise RefusalError(
                "password.missing",
                _("There is no password for {address} on standard input.").format(address=address),
            )
    else:
        kept = engine.run(engine.assistant.load_secret(address))
        if kept is not None:
            return kept
        if not streams.stdin.isatty():
            raise RefusalError(
                "password.missing",
                _(
                    "There is no password. Use --password-stdin, or keep it in the keyring "
                    "with the window."
                ),
            )
        value = _prompt(address)
    if len(value) > _MAX_PASSWORD or has_control(value):
        raise RefusalError(
            "password.malformed", _("The password is too long or holds control characters.")
        )
    return Secret(value)


def _prompt(address: EmailAddress) -> str:
    import getpass

    value = getpass.getpass(_("Password for {address}: ").format(address=address))
    if not value:
        raise RefusalError("password.missing", _("No password was typed."))
    return value


# Finding settings -------------------------------------------------------------------------------


def _find(
    options: argparse.Namespace, streams: _Streams, engine: _Engine, address: EmailAddress
) -> tuple[Discovery, Collection[str]]:
    """What was found, and the domains that the person agreed to on the way to it."""
    if options.settings is not None:
        return _settings_file(Path(options.settings), address), ()
    agreed: tuple[str, ...] = ()
    for _again in range(_MAX_QUESTIONS):
        with live_progress(streams.stderr, options.json) as emit:
            discovery = engine.run(engine.assistant.discover(address, emit, agreed=agreed))
        # Without settings the question is whom to ask for them.
        if discovery.settings is not None or not _agrees(discovery, options, streams):
            break
        agreed = (*agreed, *discovery.confirm)
    return discovery, agreed


def _confirmed(
    discovery: Discovery, options: argparse.Namespace, streams: _Streams
) -> tuple[Discovery, Collection[str]]:
    """Ask on a terminal for what has to be agreed to; otherwise the discovery stays as it is."""
    if not _agrees(discovery, options, streams):
        return discovery, ()
    return replace(discovery, outcome=Outcome.FOUND, confirm=()), discovery.confirm


def _agrees(discovery: Discovery, options: argparse.Namespace, streams: _Streams) -> bool:
    if discovery.outcome is not Outcome.NEEDS_CONFIRMATION:
        return False
    if options.json or not (streams.stdin.isatty() and streams.stderr.isatty()):
        return False
    domains = ", ".join(to_u_label(domain) for domain in discovery.confirm)
    if discovery.settings is None:
        question = _("Your domain sends us on to {domains}. May we ask there? [y/N] ")
    else:
        text.write_discovery(discovery, streams.stderr)
        question = _("Is {domains} the company that keeps your mail? [y/N] ")
    streams.stderr.write(question.format(domains=domains))
    streams.stderr.flush()
    return streams.stdin.readline().strip().casefold()[:1] in {"y", "s"}


def _discover(options: argparse.Namespace, streams: _Streams) -> int:
    address = _address(options)
    with _Engine(_run_options(options)) as engine:
        discovery, _agreed = _find(options, streams, engine, address)
        document = discovery_document(address, discovery)
        if discovery.outcome is Outcome.NOT_FOUND:
            verdict = engine.run(engine.assistant.explain_absence(address, discovery))
            document |= verdict_members(verdict)
            if not options.json:
                text.write_verdict(verdict, streams.stdout)
    if options.json:
        print_document(document, streams.stdout)
    else:
        text.write_discovery(discovery, streams.stdout)
        text.write_confirmation(discovery, streams.stderr)
    return _status_of(discovery)


def _status_of(discovery: Discovery) -> int:
    match discovery.outcome:
        case Outcome.FOUND:
            return DONE
        case Outcome.NEEDS_CONFIRMATION:
            return NEEDS_CONFIRMATION
        case Outcome.NOT_FOUND:
            return NOT_FOUND
        case _:
            assert_never(discovery.outcome)


def _account_of(discovery: Discovery, address: EmailAddress, person: str) -> Account:
    account = choose_account(discovery.settings, address, person) if discovery.settings else None
    if account is None:
        raise RefusalError(
            "settings.incomplete",
            _("These settings do not name both an incoming and an outgoing encrypted server."),
            NOT_FOUND,
        )
    return account


# Checking ---------------------------------------------------------------------------------------


def _check(options: argparse.Namespace, streams: _Streams) -> int:
    address = _address(options)
    with _Engine(_run_options(options)) as engine:
        # The password is asked for before anything takes time, so that the rest runs by itself.
        secret = _password(options, streams, engine, address)
        second = _second(options, streams, engine) if options.second else None
        discovery, agreed_before = _find(options, streams, engine, address)
        document = discovery_document(address, discovery)
        if discovery.outcome is Outcome.NOT_FOUND:
            return _absent(options, streams, engine, address, discovery)
        discovery, agreed = _confirmed(discovery, options, streams)
        if discovery.outcome is Outcome.NEEDS_CONFIRMATION:
            if options.json:
                print_document(document, streams.stdout)
            else:
                text.write_discovery(discovery, streams.stdout)
                text.write_confirmation(discovery, streams.stderr)
            return NEEDS_CONFIRMATION
        account = _account_of(discovery, address, "")
        others = alternatives_to(account, discovery.settings) if discovery.settings else ()
        forms = username_forms(address, account.incoming) if options.try_usernames else ()
        request = CheckRequest(
            account=account,
            secret=secret,
            send=not options.no_send,
            attachment_mib=options.attachment_mib,
            wait=options.wait,
            alternatives=others,
            discovery=discovery,
            agreed=(*agreed_before, *agreed),
            other_usernames=forms,
            second=second,
            symptom=parse_symptom(options.symptom) if options.symptom else None,
        )
        with live_progress(streams.stderr, options.json) as emit:
            report = engine.run(engine.assistant.check(request, emit))
    if options.json:
        print_document({**document, **check_members(report)}, streams.stdout)
    else:
        text.write_discovery(discovery, streams.stdout)
        text.write_report(report, streams.stdout)
    return DONE if report.is_healthy else BROKEN


def _second(options: argparse.Namespace, streams: _Streams, engine: _Engine) -> SecondMailbox:
    """The other mailbox, found like the first one. Raises `RefusalError` where it is not."""
    address = EmailAddress.parse(options.second)
    if isinstance(address, MalformedAddress):
        raise RefusalError("client.address.malformed", address_fault_sentence(address.fault))
    secret = _password(options, streams, engine, address)
    with live_progress(streams.stderr, options.json) as emit:
        discovery = engine.run(engine.assistant.discover(address, emit))
    discovery, _agreed = _confirmed(discovery, options, streams)
    if discovery.outcome is Outcome.NEEDS_CONFIRMATION:
        raise RefusalError(
            "confirmation.needed", text.confirmation_sentence(discovery), NEEDS_CONFIRMATION
        )
    return SecondMailbox(_account_of(discovery, address, ""), secret)


def _absent(
    options: argparse.Namespace,
    streams: _Streams,
    engine: _Engine,
    address: EmailAddress,
    discovery: Discovery,
) -> int:
    """Nothing was found: the chain can still say why, and then that is what is broken."""
    verdict = engine.run(engine.assistant.explain_absence(address, discovery))
    document = discovery_document(address, discovery)
    if options.json:
        print_document({**document, **verdict_members(verdict), "round_trip": None}, streams.stdout)
    else:
        text.write_nothing_found(address, streams.stdout)
        text.write_verdict(verdict, streams.stdout)
    return NOT_FOUND if verdict.first_broken is None else BROKEN


# Export and apply -------------------------------------------------------------------------------


def _prepared(options: argparse.Namespace, streams: _Streams) -> Account:
    """The account to hand over; refuses where settings are missing or not agreed to."""
    address = _address(options)
    if has_control(options.name) or len(options.name) > 200:
        raise RefusalError("usage", _("The name holds control characters or is too long."))
    with _Engine(_run_options(options)) as engine:
        discovery, _before = _find(options, streams, engine, address)
    discovery, _agreed = _confirmed(discovery, options, streams)
    if discovery.outcome is Outcome.NOT_FOUND:
        raise RefusalError(
            "settings.not-found",
            _("No settings were found for {address}. Give them with --settings.").format(
                address=address
            ),
            NOT_FOUND,
        )
    if discovery.outcome is Outcome.NEEDS_CONFIRMATION:
        raise RefusalError(
            "confirmation.needed", text.confirmation_sentence(discovery), NEEDS_CONFIRMATION
        )
    return _account_of(discovery, address, options.name.strip())


def _export(options: argparse.Namespace, streams: _Streams) -> int:
    from mailsetup.export.exporter import CannotExport
    from mailsetup.export.table import exporter
    from mailsetup.export.write import WriteRefused, write_artifact

    chosen = exporter(options.program)
    if chosen is None:
        raise _unknown_program(options.program)
    account = _prepared(options, streams)
    artifact = chosen.export(account)
    if isinstance(artifact, CannotExport):
        raise RefusalError("export.impossible", artifact.reason)
    written = write_artifact(artifact, Path(options.out), force=options.force)
    if isinstance(written, WriteRefused):
        raise RefusalError("export.not-written", written.reason)
    if options.json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "exported",
            "address": str(account.address),
            "program": chosen.id,
            "files": [str(path) for path in written.paths],
            "notes": list(artifact.notes),
            "steps": [
                {
                    "text": step.text,
                    "values": [{"label": v.label, "value": v.value} for v in step.values],
                    "link": step.link,
                }
                for step in artifact.steps
            ],
        }
        print_document(document, streams.stdout)
    else:
        text.write_export(artifact, written.paths, streams.stdout)
    return DONE


def _apply(options: argparse.Namespace, streams: _Streams) -> int:
    from mailsetup.export.table import exporter
    from mailsetup.export.thunderbird_profile import ApplyRefused, apply_new_profile

    chosen = exporter(options.program)
    if chosen is None:
        raise _unknown_program(options.program)
    if chosen.id != "thunderbird":
        raise RefusalError(
            "apply.impossible",
            _("{program} cannot be set up by itself. Use “export --for {id}”.").format(
                program=chosen.title, id=chosen.id
            ),
        )
    account = _prepared(options, streams)
    applied = apply_new_profile(account)
    if isinstance(applied, ApplyRefused):
        raise RefusalError("apply.refused", applied.reason)
    if options.json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "applied",
            "address": str(account.address),
            "program": chosen.id,
            "profile": str(applied.profile),
            "name": applied.name,
            "command": list(applied.command),
            "notes": list(applied.notes),
        }
        print_document(document, streams.stdout)
    else:
        text.write_applied(
            applied.name, applied.profile, applied.command, applied.notes, streams.stdout
        )
    return DONE


def _programs(options: argparse.Namespace, streams: _Streams) -> int:
    from mailsetup.export.table import EXPORTERS, installed

    rows = [(program, installed(program.id)) for program in EXPORTERS]
    if options.json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "ok",
            "programs": [
                {
                    "id": program.id,
                    "title": program.title,
                    "automation": str(program.automation),
                    "installed": here,
                }
                for program, here in rows
            ],
        }
        print_document(document, streams.stdout)
    else:
        text.write_programs(rows, streams.stdout)
    return DONE


def _unknown_program(program: str) -> RefusalError:
    from mailsetup.export.table import EXPORTERS

    known = ", ".join(known.id for known in EXPORTERS)
    return RefusalError(
        "usage",
        _("There is no program “{program}” here. Known: {known}.").format(
            program=program, known=known
        ),
    )
