"""The command ``completion``: a script that completes the command line in a shell."""

import argparse
from collections.abc import Iterator

import shtab

from mailsetup.apply.targets import TARGETS
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.parser.command_line import parser
from mailsetup.cli.parser.self_description import CompletionCommand
from mailsetup.cli.streams import Streams

_FILES = frozenset({"settings", "ca_file", "report", "since", "sign_cert", "sign_key", "table"})
_FOLDERS = frozenset({"out", "folder"})
_PROGRAMS = frozenset({"program", "programs"})


def run(command: CompletionCommand, streams: Streams) -> ExitStatus:
    """Print the script; it completes commands, options, programs, files and folders."""
    root = parser()
    for action in _actions(root):
        if action.dest in _PROGRAMS:
            applies = "--to" in action.option_strings
            action.choices = [
                known.id for known in TARGETS if not applies or known.load_applier is not None
            ]
        # shtab reads this attribute: the name of a function in its scripts.
        elif action.dest in _FILES:
            vars(action)["complete"] = shtab.FILE
        elif action.dest in _FOLDERS:
            vars(action)["complete"] = shtab.DIRECTORY
    streams.stdout.write(shtab.complete(root, shell=command.shell) + "\n")
    return ExitStatus.DONE


def _actions(root: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in root._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _actions(verb)
