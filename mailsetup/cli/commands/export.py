"""The verb ``export``: the files for one mail program, or for several."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.apply.artifact_writer import WriteFailure, write_artifact
from mailsetup.apply.targets import Target, find_target
from mailsetup.cli import text
from mailsetup.cli.common import prepared, typed_secret, unknown_program
from mailsetup.cli.main import DONE, MakePage, print_document
from mailsetup.cli.refusal import CommandError, Streams
from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.guide.paper import with_pdf
from mailsetup.files.user_file import PIPE_SECONDS, FileFailure, read_given_file
from mailsetup.i18n import _
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account
from mailsetup.model.settings_json import SCHEMA, Json

if TYPE_CHECKING:
    from mailsetup.cli.document import Document

_MAX_KEY_FILE = 1024 * 1024


def export(options: argparse.Namespace, streams: Streams) -> int:
    """Carry out the verb: the files of all programs, or none."""
    programs = _programs(options)
    account = prepared(options, streams)
    artifacts = [_artifact(program, account, options, streams) for program in programs]
    together = Artifact(tuple(file for one in artifacts for file in one.files), ())
    written = write_artifact(together, Path(options.out), force=options.force)
    if isinstance(written, WriteFailure):
        raise CommandError("export.not-written", written.reason)
    paths = iter(written.paths)
    made = [
        (program, artifact, [next(paths) for _file in artifact.files])
        for program, artifact in zip(programs, artifacts, strict=True)
    ]
    if options.json:
        print_document(_document(account, made), streams.stdout)
        return DONE
    for program, artifact, places in made:
        if len(made) > 1:
            streams.stdout.write(f"── {_(program.title)}\n")
        text.write_export(artifact, places, streams.stdout)
    return DONE


def _programs(options: argparse.Namespace) -> list[Target]:
    found = []
    for name in dict.fromkeys(options.programs):
        chosen = find_target(name)
        if chosen is None:
            raise unknown_program(name)
        found.append(chosen)
    return found


def _artifact(
    program: Target, account: Account, options: argparse.Namespace, streams: Streams
) -> Artifact:
    artifact = program.exporter.export(account)
    if isinstance(artifact, ExportFailure):
        raise CommandError("export.impossible", artifact.reason)
    if program.has_printed_guide and options.make_page is not None:
        from mailsetup.batch.welcome_sheet import Printed

        make_page: MakePage = options.make_page
        artifact = with_pdf(
            artifact, account, lambda html, title: make_page(Printed(title, html, {}))
        )
    if program.can_be_signed and options.sign_cert is not None:
        artifact = _signed(artifact, options, streams)
    return artifact


def _document(account: Account, made: list[tuple[Target, Artifact, list[Path]]]) -> "Document":
    """What ``--json`` prints. The members of one program stay where they always were."""
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


def _members(program: Target, artifact: Artifact, places: list[Path]) -> "Document":
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


def _signed(artifact: Artifact, options: argparse.Namespace, streams: Streams) -> Artifact:
    from mailsetup.export.programs.apple_signing import SigningFailure, read_signer, signed

    certificate = _content(options.sign_cert)
    key = _content(options.sign_key) if options.sign_key is not None else None
    signer = read_signer(certificate, key, now=datetime.now(UTC))
    if isinstance(signer, SigningFailure) and signer.needs_passphrase and streams.stdin.isatty():
        passphrase = Secret(typed_secret(_("Passphrase of the key: ")))
        signer = read_signer(certificate, key, passphrase, now=datetime.now(UTC))
    if isinstance(signer, SigningFailure):
        raise CommandError("export.not-signed", signer.reason)
    return signed(artifact, signer)


def _content(path: str) -> bytes:
    content = read_given_file(Path(path), _MAX_KEY_FILE, pipe_seconds=PIPE_SECONDS)
    if isinstance(content, FileFailure):
        raise CommandError("export.not-signed", content.reason)
    return content
