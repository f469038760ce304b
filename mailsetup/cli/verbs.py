"""The module of each command, imported only when the command is run."""

from typing import assert_never

from mailsetup.cli.parser.apply import ApplyCommand
from mailsetup.cli.parser.argument_parser import UsageError
from mailsetup.cli.parser.batch import BatchCommand
from mailsetup.cli.parser.check import CheckCommand, WatchCommand
from mailsetup.cli.parser.command_line import AnyCommand, WindowCommand
from mailsetup.cli.parser.discover import DiscoverCommand
from mailsetup.cli.parser.export import ExportCommand
from mailsetup.cli.parser.kit import KitCommand
from mailsetup.cli.parser.option_groups import SearchArguments
from mailsetup.cli.parser.publish import PublishCommand
from mailsetup.cli.parser.self_description import (
    CompletionCommand,
    ManualCommand,
    ProgramsCommand,
    SchemaCommand,
)
from mailsetup.cli.services import CommandServices
from mailsetup.cli.streams import Streams
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress


def run_command(command: AnyCommand, streams: Streams, services: CommandServices) -> int:
    """Run a command. Raises `CommandError` or `UsageError` for a mistake of the user.

    Each case has its import, instead of a module name in a table, so that the type checker,
    the contracts on imports and the packager of the installers see what is loaded.
    """
    match command:
        case WindowCommand():
            return _open_window(command, streams, services)
        case DiscoverCommand():
            _announce_search(command.address, command.search, streams)
            from mailsetup.cli.commands import discover

            return discover.run(command, streams)
        case CheckCommand():
            _announce_search(command.address, command.search, streams)
            from mailsetup.cli.commands import check

            return check.run(command, streams, services)
        case WatchCommand():
            from mailsetup.cli.commands import watch

            return watch.run(command, streams)
        case ExportCommand():
            from mailsetup.cli.commands import export

            return export.run(command, streams, services)
        case ApplyCommand():
            from mailsetup.cli.commands import apply

            return apply.run(command, streams)
        case PublishCommand():
            from mailsetup.cli.commands import publish

            return publish.run(command, streams)
        case BatchCommand():
            from mailsetup.cli.commands import batch

            return batch.run(command, streams, services)
        case KitCommand():
            from mailsetup.cli.commands import kit

            return kit.run(command, streams)
        case ProgramsCommand():
            from mailsetup.cli.commands import programs

            return programs.run(streams)
        case CompletionCommand():
            from mailsetup.cli.commands import completion

            return completion.run(command, streams)
        case SchemaCommand() | ManualCommand():
            from mailsetup.cli.commands import self_description

            return self_description.run(command, streams)
        case _:
            assert_never(command)


def _open_window(command: WindowCommand, streams: Streams, services: CommandServices) -> int:
    opener = services.open_demo if command.demo else services.open_window
    if opener is None:
        raise UsageError(_("There is no command. “mailsetup --help” shows them."))
    return opener(streams.stdout, streams.stderr, command.screenshot, command.opened)


def _announce_search(address: str, search: SearchArguments, streams: Streams) -> None:
    """Tell a user at a terminal that the search begins, before the engine takes time to load."""
    if streams.wants_json or not streams.stderr.isatty() or search.settings is not None:
        return
    if isinstance(EmailAddress.parse(address), EmailAddress):
        streams.stderr.write(_("Looking for your mail servers") + " …\n")
        streams.stderr.flush()
