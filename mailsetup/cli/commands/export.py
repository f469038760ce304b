"""The command ``export``: the files for one or more mail programs."""

from datetime import UTC, datetime
from pathlib import Path

from mailsetup.apply.artifact_writer import WriteFailure, write_artifact
from mailsetup.apply.targets import Target
from mailsetup.batch.welcome_sheet import Printed
from mailsetup.cli import text
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import print_document
from mailsetup.cli.parser.export import ExportCommand
from mailsetup.cli.password import typed_secret
from mailsetup.cli.programs import parse_program
from mailsetup.cli.requested_account import requested_account
from mailsetup.cli.services import CommandServices
from mailsetup.cli.streams import Streams
from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.guide.paper import with_pdf
from mailsetup.files.user_file import PIPE_SECONDS, FileFailure, read_given_file
from mailsetup.i18n import _
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account
from mailsetup.model.settings_json import SCHEMA, Document, Json

_MAX_KEY_FILE = 1024 * 1024


def run(command: ExportCommand, streams: Streams, services: CommandServices) -> ExitStatus:
    """Write the files of all programs, or none."""
    programs = [parse_program(name) for name in dict.fromkeys(command.programs)]
    account = requested_account(command.account, streams)
    artifacts = [_artifact(one, account, command, streams, services) for one in programs]
    together = Artifact(tuple(file for one in artifacts for file in one.files), ())
    written = write_artifact(together, command.out, force=command.force)
    if isinstance(written, WriteFailure):
        raise CommandError("export.not-written", written.reason)
    paths = iter(written.paths)
    made = [
        (program, artifact, [next(paths) for _file in artifact.files])
        for program, artifact in zip(programs, artifacts, strict=True)
    ]
    if streams.wants_json:
        print_document(_document(account, made), streams.stdout)
        return ExitStatus.DONE
    for program, artifact, places in made:
        if len(made) > 1:
            streams.stdout.write(f"── {_(program.title)}\n")
        text.write_export(artifact, places, streams.stdout)
    return ExitStatus.DONE


def _artifact(
    program: Target,
    account: Account,
    command: ExportCommand,
    streams: Streams,
    services: CommandServices,
) -> Artifact:
    artifact = program.load_exporter().export(account)
    if isinstance(artifact, ExportFailure):
        raise CommandError("export.impossible", artifact.reason)
    make_pdf = services.make_page_pdf
    if program.has_printed_guide and make_pdf is not None:
        artifact = with_pdf(
            artifact, account, lambda html, title: make_pdf(Printed(title, html, {}))
        )
    if program.can_be_signed and command.sign_cert is not None:
        artifact = _signed(artifact, command.sign_cert, command.sign_key, streams)
    return artifact


def _document(account: Account, made: list[tuple[Target, Artifact, list[Path]]]) -> Document:
    """What ``--json`` prints. The members of a single program stand in the document itself."""
    exports = [_members(*one) for one in made]
    document: Document = {
        "schema": SCHEMA,
        "outcome": "exported",
        "address": str(account.address),
    }
    if len(exports) == 1:
        return document | exports[0]
    document["exports"] = [*exports]
    return document


def _members(program: Target, artifact: Artifact, places: list[Path]) -> Document:
    return {
        "program": program.id,
        "files": [str(path) for path in places],
        "notes": list(artifact.notes),
        "steps": _steps(artifact),
    }


def _steps(artifact: Artifact) -> Json:
    return [
        {
            "text": step.text,
            "values": [{"label": v.label, "value": v.value} for v in step.values],
            "link": step.link,
        }
        for step in artifact.steps
    ]


def _signed(
    artifact: Artifact, certificate_file: Path, key_file: Path | None, streams: Streams
) -> Artifact:
    # cryptography takes some 60 ms to import.
    from mailsetup.export.programs.apple_signing import SigningFailure, read_signer, signed

    certificate = _content(certificate_file)
    key = _content(key_file) if key_file is not None else None
    signer = read_signer(certificate, key, now=datetime.now(UTC))
    if isinstance(signer, SigningFailure) and signer.needs_passphrase and streams.stdin.isatty():
        passphrase = Secret(typed_secret(_("Passphrase of the key: ")))
        signer = read_signer(certificate, key, passphrase, now=datetime.now(UTC))
    if isinstance(signer, SigningFailure):
        raise CommandError("export.not-signed", signer.reason)
    return signed(artifact, signer)


def _content(path: Path) -> bytes:
    content = read_given_file(path, _MAX_KEY_FILE, pipe_seconds=PIPE_SECONDS)
    if isinstance(content, FileFailure):
        raise CommandError("export.not-signed", content.reason)
    return content
