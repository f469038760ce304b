"""The command ``publish``: what a hosting should serve for a domain."""

from collections.abc import Sequence
from pathlib import Path

from mailsetup.apply.artifact_writer import WriteFailure, write_artifact
from mailsetup.assistant.publication.result import PublicationRow, is_published, row_to_json
from mailsetup.cli import text
from mailsetup.cli.account_arguments import confirmed_settings, parse_address, parse_domain
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.engine import Engine, run_options
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import print_document
from mailsetup.cli.parser.publish import PublishCommand
from mailsetup.cli.search import find_settings
from mailsetup.cli.streams import Streams
from mailsetup.export.exporter import ExportFailure
from mailsetup.export.publish.options import PolicyMode, PublishOptions
from mailsetup.export.publish.publication import Publication, publication
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import AccountSettings
from mailsetup.model.settings_json import SCHEMA, Document


def run(command: PublishCommand, streams: Streams) -> ExitStatus:
    """Write the files, or compare with what is served, or both."""
    domain = parse_domain(command.domain)
    if command.search.settings is None and command.address is None:
        raise CommandError("usage", _("Say where the settings are: --settings or --address."))
    if command.out is None and not command.verify:
        raise CommandError("usage", _("Say where the files are to go: --out, or use --verify."))
    with Engine(run_options(command.search)) as engine:
        settings, address = _settings_to_publish(command, streams, engine, domain)
        options = PublishOptions(
            address=address,
            mail_exchangers=engine.run(engine.assistant.mail_exchangers(domain)),
            policy_mode=PolicyMode(command.mta_sts),
            web=command.web,
            folder=command.folder,
            relative=command.relative,
        )
        made = publication(domain, settings, options)
        if isinstance(made, ExportFailure):
            raise CommandError("publish.impossible", made.reason)
        rows = engine.run(engine.assistant.verify_publication(made)) if command.verify else None
    paths: tuple[Path, ...] = ()
    if command.out is not None:
        written = write_artifact(made.artifact, command.out, force=command.force)
        if isinstance(written, WriteFailure):
            raise CommandError("publish.not-written", written.reason)
        paths = written.paths
    if streams.wants_json:
        print_document(_document(domain, made, paths, rows), streams.stdout)
    else:
        if paths:
            text.write_export(made.artifact, paths, streams.stdout)
        text.write_verification(rows or (), streams.stdout)
    return ExitStatus.DONE if rows is None or is_published(rows) else ExitStatus.BROKEN


def _document(
    domain: str,
    made: Publication,
    paths: Sequence[Path],
    rows: Sequence[PublicationRow] | None,
) -> Document:
    """What ``--json`` prints. ``rows`` is None where nothing was verified."""
    outcome = "written"
    if rows is not None:
        outcome = "published" if is_published(rows) else "not-published"
    return {
        "schema": SCHEMA,
        "outcome": outcome,
        "domain": domain,
        "files": [str(path) for path in paths],
        "notes": list(made.notes),
        "verified": [row_to_json(row) for row in rows] if rows is not None else None,
    }


def _settings_to_publish(
    command: PublishCommand, streams: Streams, engine: Engine, domain: str
) -> tuple[AccountSettings, EmailAddress]:
    """The settings, and the mailbox whose user name in them stands for everybody's."""
    address = parse_address(command.address or f"postmaster@{domain}")
    if address.domain != domain:
        message = _("{address} is not a mailbox of {domain}.")
        raise CommandError("usage", message.format(address=address, domain=domain))
    discovery, _agreed = find_settings(command.search, streams, engine, address)
    return confirmed_settings(discovery, address, streams), address
