"""The command ``apply``: puts an account into an installed program, or takes it out again."""

from mailsetup.apply import texts
from mailsetup.apply.applier import Applier, ApplyRequest, ProfileApplier
from mailsetup.apply.installation import Computer
from mailsetup.apply.result import AlreadyThere, Applied, ApplyFailure, FilesApplied, UndoFailure
from mailsetup.apply.targets import Target
from mailsetup.cli import text
from mailsetup.cli.account_arguments import parse_address
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import print_document
from mailsetup.cli.parser.apply import ApplyCommand
from mailsetup.cli.programs import parse_program
from mailsetup.cli.requested_account import requested_account
from mailsetup.cli.streams import Streams
from mailsetup.i18n import _
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account
from mailsetup.model.settings_json import SCHEMA, Document


def run(command: ApplyCommand, streams: Streams) -> ExitStatus:
    """Apply or undo."""
    target = parse_program(command.program)
    if command.undo and target.load_profile_applier is not None:
        return _undo(target.load_profile_applier(), command, streams)
    if target.load_applier is not None:
        return _apply(target, target.load_applier(), command, streams)
    raise CommandError(
        "apply.impossible",
        _("{program} cannot be set up by itself. Use “export --for {id}”.").format(
            program=_(target.title), id=target.id
        ),
    )


def _apply(target: Target, applier: Applier, command: ApplyCommand, streams: Streams) -> ExitStatus:
    account = requested_account(command.account, streams)
    secret = _password(account, command, streams) if command.store_password else None
    request = ApplyRequest(account, command.profile, password=secret, repair=command.force)
    result = applier.apply(request, Computer())
    if isinstance(result, ApplyFailure):
        raise CommandError("apply.refused", result.reason)
    if streams.wants_json:
        document: Document = {
            "schema": SCHEMA,
            "address": str(account.address),
            "program": command.program,
            **_members(result),
        }
        print_document(document, streams.stdout)
        return ExitStatus.DONE
    program = _(target.title)
    lines = [*texts.lines(result, program, account.address), texts.opening(result, program)]
    text.write_notes([line for line in lines if line], streams.stdout)
    return ExitStatus.DONE


def _password(account: Account, command: ApplyCommand, streams: Streams) -> Secret:
    # The settings may come from a file, and then only a password needs asyncio and ssl (100 ms).
    from mailsetup.cli.engine import Engine, run_options
    from mailsetup.cli.password import password_for

    with Engine(run_options(command.account.search)) as engine:
        return password_for(account.address, streams, engine, from_stdin=command.password_stdin)


def _members(result: Applied) -> Document:
    """The members of the JSON document that depend on the kind of result."""
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


def _undo(applier: ProfileApplier, command: ApplyCommand, streams: Streams) -> ExitStatus:
    computer, address = Computer(), parse_address(command.account.address)
    place = applier.last_change(address.ascii, command.profile, computer)
    if isinstance(place, UndoFailure):
        raise CommandError("undo.refused", place.reason)
    undone = applier.undo(place, only_ours=command.only_ours, computer=computer)
    if isinstance(undone, UndoFailure):
        hint = _("Add --only-ours to do that.") if undone.only_ours_possible else ""
        raise CommandError("undo.refused", f"{undone.reason} {hint}".strip())
    if streams.wants_json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "undone",
            "program": command.program,
            "kept": str(undone.moved_to) if undone.moved_to else None,
            "notes": list(undone.notes),
        }
        print_document(document, streams.stdout)
    else:
        text.write_notes((_("Taken back."), *undone.notes), streams.stdout)
    return ExitStatus.DONE
