"""The verb ``kit``: one mailbox's settings as everybody's, for the engines of fleets."""

import argparse
from pathlib import Path

from mailsetup.apply.artifact_writer import WriteFailure, write_artifact
from mailsetup.assistant.account_choice import choose_account
from mailsetup.assistant.texts.common import address_fault_sentence
from mailsetup.batch.shared_settings import SharedSettings, SharedSettingsFailure, read_settings
from mailsetup.cli.document import Document
from mailsetup.cli.main import DONE, NOT_FOUND, print_document
from mailsetup.cli.refusal import CommandError, Streams
from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.kit.common import DomainTemplate, KitFile, domain_template
from mailsetup.export.kit.registry import KITS
from mailsetup.files.user_file import PIPE_SECONDS
from mailsetup.i18n import _
from mailsetup.model.address import AddressFailure, EmailAddress
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings_json import SCHEMA, SettingsFailure
from mailsetup.model.text import has_control


def kit(options: argparse.Namespace, streams: Streams) -> int:
    """Carry out the verb."""
    if options.settings is None:
        raise CommandError("usage", _("Say where the settings are: --settings."))
    if has_control(options.name) or len(options.name) > 200:
        raise CommandError("usage", _("The name holds control characters or is too long."))
    found = read_settings(Path(options.settings), pipe_seconds=PIPE_SECONDS)
    if isinstance(found, SharedSettingsFailure):
        raise CommandError("settings.unusable", found.reason)
    shared = _template(found, options)
    wanted = [known for known in KITS if not options.kits or known.id in options.kits]
    made, notes = [], []
    for known in wanted:
        files = known.make(shared)
        if isinstance(files, ExportFailure):
            notes.append(f"{known.id}: {files.reason}")
        else:
            made.append((known.id, files))
    if not made:
        raise CommandError("kit.impossible", " ".join(notes))
    paths: list[Path] = []
    for name, files in made:
        paths += _written(files, Path(options.out) / name, force=options.force)
    if options.json:
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
        for path in paths:
            streams.stdout.write(f"{path}\n")
        for note in notes:
            streams.stderr.write(f"{note}\n")
    return DONE


def _template(found: SharedSettings, options: argparse.Namespace) -> DomainTemplate:
    address = _address(found, options)
    settings = found.settings_for(address)
    if isinstance(settings, SettingsFailure):
        raise CommandError(
            "settings.unusable",
            _("The settings file cannot be used. {where}: {problem}.").format(
                where=settings.where, problem=settings.problem
            ),
        )
    account = choose_account(settings, address, options.name.strip())
    if account is None:
        raise CommandError(
            "settings.incomplete",
            _("These settings do not name both an incoming and an outgoing encrypted server."),
            NOT_FOUND,
        )
    shared = domain_template(account)
    if isinstance(shared, ExportFailure):
        raise CommandError("kit.impossible", shared.reason)
    return shared


def _address(found: SharedSettings, options: argparse.Namespace) -> EmailAddress:
    if options.address is None:
        if found.owner is not None:
            return found.owner
        raise CommandError(
            "usage", _("The settings file does not say for which mailbox it is. Add --address.")
        )
    address = EmailAddress.parse(options.address)
    if isinstance(address, AddressFailure):
        raise CommandError(
            FindingId.CLIENT_ADDRESS_MALFORMED, address_fault_sentence(address.fault)
        )
    return address


def _written(files: tuple[KitFile, ...], folder: Path, *, force: bool) -> list[Path]:
    paths: list[Path] = []
    for place in dict.fromkeys(file.place for file in files):
        together = tuple(file.file for file in files if file.place == place)
        written = write_artifact(Artifact(together, ()), folder / place, force=force)
        if isinstance(written, WriteFailure):
            raise CommandError("kit.not-written", written.reason)
        paths += written.paths
    return paths
