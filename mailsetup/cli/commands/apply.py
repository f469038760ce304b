"""The command ``apply``: puts an account into an installed program, or takes it out again."""

from mailsetup.cli import text
from mailsetup.cli.account import parse_address, unknown_program
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.document import Document
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import print_document
from mailsetup.cli.parser.apply import ApplyCommand
from mailsetup.cli.password import password_for
from mailsetup.cli.requested_account import requested_account
from mailsetup.cli.streams import Streams
from mailsetup.export.registry import exporter
from mailsetup.i18n import _
from mailsetup.model.settings_json import SCHEMA


def run(command: ApplyCommand, streams: Streams) -> ExitStatus:
    """Apply or undo."""
    chosen = exporter(command.program)
    if chosen is None:
        raise unknown_program(command.program)
    match chosen.id:
        case "thunderbird" if command.undo:
            return _undo_thunderbird(command, streams)
        case "thunderbird":
            return _apply_thunderbird(command, streams)
        case "evolution":
            return _apply_evolution(command, streams)
        case _:
            raise CommandError(
                "apply.impossible",
                _("{program} cannot be set up by itself. Use “export --for {id}”.").format(
                    program=_(chosen.title), id=chosen.id
                ),
            )


def _apply_thunderbird(command: ApplyCommand, streams: Streams) -> ExitStatus:
    from mailsetup.apply.thunderbird import existing_profile as existing
    from mailsetup.apply.thunderbird.new_profile import ApplyOutcome as Change
    from mailsetup.apply.thunderbird.new_profile import ThunderbirdApplied, ThunderbirdFailure

    account = requested_account(command.account, streams)
    secret = None
    if command.store_password:
        from mailsetup.cli.engine import Engine, run_options

        with Engine(run_options(command.account.search)) as engine:
            secret = password_for(
                account.address, streams, engine, from_stdin=command.password_stdin
            )
    done = existing.apply(account, profile=command.profile, password=secret)
    document: Document = {
        "schema": SCHEMA,
        "address": str(account.address),
        "program": command.program,
    }
    match done:
        case ThunderbirdFailure(reason=reason):
            raise CommandError("apply.refused", reason)
        case existing.AlreadyThere():
            document |= {"outcome": "already-there", "corrected": [], "password_stored": False}
        case ThunderbirdApplied():
            document |= {
                "outcome": "applied",
                "change": str(done.outcome),
                "corrected": list(done.corrected),
                "password_stored": done.password_stored,
            }
    document |= {
        "profile": str(done.profile),
        "name": done.name,
        "command": list(done.command),
        "notes": list(done.notes),
    }
    if streams.wants_json:
        print_document(document, streams.stdout)
        return ExitStatus.DONE
    if isinstance(done, existing.AlreadyThere):
        text.write_already_there(done.name, done.profile, done.notes, streams.stdout)
    elif done.outcome is Change.PROFILE:
        text.write_applied(done.name, done.profile, done.notes, streams.stdout)
    else:
        text.write_changed(done.name, done.profile, done.corrected, done.notes, streams.stdout)
    text.write_opening(None if done.opens_by_itself else done.command, streams.stdout)
    return ExitStatus.DONE


def _undo_thunderbird(command: ApplyCommand, streams: Streams) -> ExitStatus:
    from mailsetup.apply.thunderbird.undo import UndoFailure, clear_leftovers, undo_last, undoable

    address = parse_address(command.account.address)
    newest = next((one for one in undoable() if one.address == address.ascii), None)
    if not command.profile and newest is None:
        clear_leftovers()
        message = _("Nothing was put into Thunderbird for {address} that could be taken back.")
        raise CommandError("undo.refused", message.format(address=address))
    profile = command.profile or (str(newest.profile) if newest else "")
    undone = undo_last(profile, only_ours=command.only_ours)
    if isinstance(undone, UndoFailure):
        hint = _("Add --only-ours to do that.") if undone.only_ours_possible else ""
        raise CommandError("undo.refused", f"{undone.reason} {hint}".strip())
    if streams.wants_json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "undone",
            "program": command.program,
            "kept": str(undone.kept) if undone.kept else None,
            "notes": list(undone.notes),
        }
        print_document(document, streams.stdout)
    else:
        text.write_notes((_("Taken back."), *undone.notes), streams.stdout)
    return ExitStatus.DONE


def _apply_evolution(command: ApplyCommand, streams: Streams) -> ExitStatus:
    from mailsetup.apply.evolution import EvolutionFailure, apply_evolution

    account = requested_account(command.account, streams)
    done = apply_evolution(account, repair=command.force)
    if isinstance(done, EvolutionFailure):
        raise CommandError("apply.refused", done.reason)
    if streams.wants_json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "applied",
            "address": str(account.address),
            "program": command.program,
            "files": [str(path) for path in done.files],
            "live": done.live,
            "steps": [step.text for step in done.steps],
            "notes": list(done.notes),
        }
        print_document(document, streams.stdout)
    else:
        lines = [_("Evolution has the account {address}.").format(address=account.address)]
        lines += [step.text for step in done.steps]
        text.write_notes((*lines, *done.notes), streams.stdout)
    return ExitStatus.DONE
