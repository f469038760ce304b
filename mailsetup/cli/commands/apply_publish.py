"""The verbs apply and publish."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.assistant.texts.common import address_fault_sentence
from mailsetup.cli import text
from mailsetup.cli.common import (
    address_of,
    confirmed,
    find_settings,
    password_for,
    prepared,
    run_options,
    unknown_program,
)
from mailsetup.cli.document import Document
from mailsetup.cli.main import BROKEN, DONE, NEEDS_CONFIRMATION, NOT_FOUND, print_document
from mailsetup.cli.refusal import CommandError, Streams
from mailsetup.i18n import _
from mailsetup.model.address import AddressFailure, EmailAddress
from mailsetup.model.discovery import DiscoveryStatus
from mailsetup.model.finding_id import FindingId
from mailsetup.model.hostname import to_a_label
from mailsetup.model.settings import AccountSettings
from mailsetup.model.settings_json import SCHEMA

if TYPE_CHECKING:
    from mailsetup.apply.applier import Applier, ProfileApplier
    from mailsetup.apply.result import Applied
    from mailsetup.apply.targets import Target
    from mailsetup.cli.engine import Engine


def publish(options: argparse.Namespace, streams: Streams) -> int:
    """Write what a hosting should serve for a domain, or compare it with what it serves."""
    from mailsetup.apply.artifact_writer import WriteFailure, write_artifact
    from mailsetup.assistant.publication.result import is_published, row_to_json
    from mailsetup.cli.engine import Engine
    from mailsetup.export.exporter import ExportFailure
    from mailsetup.export.publish.options import PolicyMode, PublishOptions
    from mailsetup.export.publish.publication import publication

    domain = to_a_label(options.domain)
    if domain is None or "." not in domain:
        raise CommandError("usage", _("A domain is needed, such as company.com."))
    if options.settings is None and options.address is None:
        raise CommandError("usage", _("Say where the settings are: --settings or --address."))
    if options.out is None and not options.verify:
        raise CommandError("usage", _("Say where the files are to go: --out, or use --verify."))
    with Engine(run_options(options)) as engine:
        settings, address = _settings_to_publish(options, streams, engine, domain)
        wanted = PublishOptions(
            address=address,
            mail_exchangers=engine.run(engine.assistant.mail_exchangers(domain)),
            policy_mode=PolicyMode(options.mta_sts),
            web=tuple(options.web),
            folder=options.folder,
            relative=options.relative,
        )
        made = publication(domain, settings, wanted)
        if isinstance(made, ExportFailure):
            raise CommandError("publish.impossible", made.reason)
        rows = engine.run(engine.assistant.verify_publication(made)) if options.verify else ()
    paths: tuple[Path, ...] = ()
    if options.out is not None:
        written = write_artifact(made.artifact, Path(options.out), force=options.force)
        if isinstance(written, WriteFailure):
            raise CommandError("publish.not-written", written.reason)
        paths = written.paths
    if options.json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "published" if is_published(rows) else "not-published",
            "domain": domain,
            "files": [str(path) for path in paths],
            "notes": list(made.notes),
            "verified": [row_to_json(row) for row in rows] if options.verify else None,
        }
        if not options.verify:
            document["outcome"] = "written"
        print_document(document, streams.stdout)
    else:
        if paths:
            text.write_export(made.artifact, paths, streams.stdout)
        text.write_verification(rows, streams.stdout)
    return DONE if not options.verify or is_published(rows) else BROKEN


def _settings_to_publish(
    options: argparse.Namespace, streams: Streams, engine: "Engine", domain: str
) -> tuple[AccountSettings, EmailAddress]:
    """The settings, and the mailbox whose user name stands for everybody's in them."""
    typed = options.address or f"postmaster@{domain}"
    address = EmailAddress.parse(typed)
    if isinstance(address, AddressFailure):
        raise CommandError(
            FindingId.CLIENT_ADDRESS_MALFORMED, address_fault_sentence(address.fault)
        )
    if address.domain != domain:
        message = _("{address} is not a mailbox of {domain}.")
        raise CommandError("usage", message.format(address=address, domain=domain))
    discovery, _agreed = find_settings(options, streams, engine, address)
    discovery, _agreed = confirmed(discovery, options, streams)
    if discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION:
        raise CommandError(
            "confirmation.needed", text.confirmation_sentence(discovery), NEEDS_CONFIRMATION
        )
    if discovery.settings is None:
        raise CommandError(
            "settings.not-found",
            _("No settings were found for {address}. Give them with --settings.").format(
                address=address
            ),
            NOT_FOUND,
        )
    return discovery.settings, address


def apply(options: argparse.Namespace, streams: Streams) -> int:
    """Put an account into a program installed here, or take it out again."""
    from mailsetup.apply.targets import find_target

    target = find_target(options.program)
    if target is None:
        raise unknown_program(options.program)
    if options.undo and target.load_profile_applier is not None:
        return _undo(target.load_profile_applier(), options, streams)
    if target.load_applier is not None:
        return _apply(target, target.load_applier(), options, streams)
    raise CommandError(
        "apply.impossible",
        _("{program} cannot be set up by itself. Use “export --for {id}”.").format(
            program=_(target.title), id=target.id
        ),
    )


def _apply(
    target: "Target", applier: "Applier", options: argparse.Namespace, streams: Streams
) -> int:
    from mailsetup.apply import texts
    from mailsetup.apply.applier import ApplyRequest
    from mailsetup.apply.installation import Computer
    from mailsetup.apply.result import ApplyFailure

    account = prepared(options, streams)
    secret = None
    if options.store_password:
        from mailsetup.cli.engine import Engine

        with Engine(run_options(options)) as engine:
            secret = password_for(options, streams, engine, account.address)
    request = ApplyRequest(account, options.profile, password=secret, repair=options.force)
    result = applier.apply(request, Computer())
    if isinstance(result, ApplyFailure):
        raise CommandError("apply.refused", result.reason)
    if options.json:
        document: Document = {
            "schema": SCHEMA,
            "address": str(account.address),
            "program": options.program,
            **_members(result),
        }
        print_document(document, streams.stdout)
        return DONE
    program = _(target.title)
    lines = [*texts.lines(result, program, account.address), texts.opening(result, program)]
    text.write_notes([line for line in lines if line], streams.stdout)
    return DONE


def _members(result: "Applied") -> "Document":
    """The members of the JSON document that depend on the kind of result."""
    from mailsetup.apply.result import AlreadyThere, FilesApplied

    if isinstance(result, FilesApplied):
        return {
            "outcome": "applied",
            "files": [str(path) for path in result.files],
            "live": result.live,
            "steps": [step.text for step in result.steps],
            "notes": list(result.notes),
        }
    members: Document = {
        "profile": str(result.profile),
        "name": result.name,
        "command": list(result.command),
        "notes": list(result.notes),
    }
    if isinstance(result, AlreadyThere):
        return members | {"outcome": "already-there", "corrected": [], "password_stored": False}
    return members | {
        "outcome": "applied",
        "change": str(result.outcome),
        "corrected": list(result.corrected),
        "password_stored": result.password_stored,
    }


def _undo(applier: "ProfileApplier", options: argparse.Namespace, streams: Streams) -> int:
    from mailsetup.apply.installation import Computer
    from mailsetup.apply.result import UndoFailure

    computer, address = Computer(), address_of(options)
    place = applier.last_change(address.ascii, options.profile, computer)
    if isinstance(place, UndoFailure):
        raise CommandError("undo.refused", place.reason)
    undone = applier.undo(place, only_ours=options.only_ours, computer=computer)
    if isinstance(undone, UndoFailure):
        hint = _("Add --only-ours to do that.") if undone.only_ours_possible else ""
        raise CommandError("undo.refused", f"{undone.reason} {hint}".strip())
    if options.json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "undone",
            "program": options.program,
            "kept": str(undone.kept) if undone.kept else None,
            "notes": list(undone.notes),
        }
        print_document(document, streams.stdout)
    else:
        text.write_notes((_("Taken back."), *undone.notes), streams.stdout)
    return DONE
