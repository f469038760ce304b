"""The command ``kit``: one mailbox's settings as everybody's, for fleet management tools."""

from pathlib import Path

from mailsetup.apply.artifact_writer import WriteFailure, write_artifact
from mailsetup.assistant.settings_file import (
    SettingsFileFailure,
    SharedSettings,
    read_shared_settings,
)
from mailsetup.cli.account_arguments import account_from, parse_address, parse_name
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import print_document
from mailsetup.cli.parser.kit import KitCommand
from mailsetup.cli.streams import Streams
from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.kit.common import DomainTemplate, KitFile, domain_template
from mailsetup.export.kit.registry import KITS
from mailsetup.files.user_file import PIPE_SECONDS
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings_json import SCHEMA, Document, SettingsFailure


def run(command: KitCommand, streams: Streams) -> ExitStatus:
    """Write the kits that the settings allow."""
    if command.settings is None:
        raise CommandError("usage", _("Say where the settings are: --settings."))
    person = parse_name(command.name)
    found = read_shared_settings(command.settings, pipe_seconds=PIPE_SECONDS)
    if isinstance(found, SettingsFileFailure):
        raise CommandError("settings.unusable", found.sentence)
    shared = _template(found, _address(found, command), person)
    made: list[tuple[str, tuple[KitFile, ...]]] = []
    notes: list[str] = []
    for known in KITS:
        if command.kits and known.id not in command.kits:
            continue
        files = known.make(shared)
        if isinstance(files, ExportFailure):
            notes.append(f"{known.id}: {files.reason}")
        else:
            made.append((str(known.id), files))
    if not made:
        raise CommandError("kit.impossible", " ".join(notes))
    paths: list[Path] = []
    for name, files in made:
        paths += _written(files, command.out / name, force=command.force)
    if streams.wants_json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "written",
            "domain": shared.domain,
            "kits": [name for name, _files in made],
            "files": [str(path) for path in paths],
            "notes": [*notes],
        }
        print_document(document, streams.stdout)
    else:
        streams.stdout.writelines(f"{path}\n" for path in paths)
        streams.stderr.writelines(f"{note}\n" for note in notes)
    return ExitStatus.DONE


def _template(found: SharedSettings, address: EmailAddress, person: str) -> DomainTemplate:
    settings = found.settings_for(address)
    if isinstance(settings, SettingsFailure):
        raise CommandError(
            "settings.unusable",
            _("The settings file cannot be used. {where}: {problem}.").format(
                where=settings.where, problem=settings.problem
            ),
        )
    shared = domain_template(account_from(settings, address, person))
    if isinstance(shared, ExportFailure):
        raise CommandError("kit.impossible", shared.reason)
    return shared


def _address(found: SharedSettings, command: KitCommand) -> EmailAddress:
    if command.address is not None:
        return parse_address(command.address)
    if found.owner is None:
        raise CommandError(
            "usage", _("The settings file does not say for which mailbox it is. Add --address.")
        )
    return found.owner


def _written(files: tuple[KitFile, ...], folder: Path, *, force: bool) -> list[Path]:
    paths: list[Path] = []
    for place in dict.fromkeys(file.place for file in files):
        together = tuple(file.file for file in files if file.place == place)
        written = write_artifact(Artifact(together, ()), folder / place, force=force)
        if isinstance(written, WriteFailure):
            raise CommandError("kit.not-written", written.reason)
        paths += written.paths
    return paths
