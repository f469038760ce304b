"""The command line: parses the arguments, runs the command and reports every failure."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TextIO

from mailsetup.cli.command_error import CommandError
from mailsetup.cli.environment import explain_system_error
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import (
    OutputLostError,
    error_document,
    has_written,
    open_messages,
    open_output,
    print_document,
)
from mailsetup.cli.parser.argument_parser import UsageError
from mailsetup.cli.parser.command_line import opened_file, parse
from mailsetup.cli.services import CommandServices
from mailsetup.cli.streams import Streams
from mailsetup.i18n import _, set_language
from mailsetup.i18n.languages import LANGUAGES

_NO_SERVICES = CommandServices()


def main(
    arguments: Sequence[str],
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    services: CommandServices = _NO_SERVICES,
) -> int:
    """Run one command and return its exit status; never raises for a mistake of the user."""
    language = _language(arguments)
    if language is not None:
        set_language(language)
    messages = open_messages(stderr or sys.stderr)
    try:
        with _standard_output(stdout or sys.stdout, arguments) as output:
            wants_json = "--json" in arguments
            streams = Streams(stdin or sys.stdin or io.StringIO(), output, messages, wants_json)
            return _run(arguments, streams, services)
    except OutputLostError as error:
        if str(error):
            messages.write(f"mailsetup: {error}\n")
        return error.status


@contextlib.contextmanager
def _standard_output(stream: TextIO | None, arguments: Sequence[str]) -> Iterator[TextIO]:
    """Standard output, flushed at the end. Raises `OutputLostError` where that fails."""
    # The window needs none: started from a desktop, the program may have no standard output.
    is_window = not arguments or "--demo" in arguments or opened_file(arguments) is not None
    opened = open_output(io.StringIO() if stream is None and is_window else stream)
    try:
        # argparse prints its help to sys.stdout and ignores errors of writing.
        with contextlib.redirect_stdout(opened if stream is sys.stdout else sys.stdout):
            yield opened
    finally:
        opened.flush()


def _run(arguments: Sequence[str], streams: Streams, services: CommandServices) -> int:
    verb = ""
    try:
        verb, command = parse(arguments)
        # Help, version and usage errors do not need it.
        from mailsetup.cli.verbs import run_command

        return run_command(command, streams, services)
    except UsageError as error:
        lines = f"mailsetup: {error}\n{_help_hint(error.verb)}"
        return _failed("usage", str(error), ExitStatus.BAD_INPUT, lines, streams)
    except CommandError as error:
        hint = f"\n{_help_hint(verb)}" if error.error_id == "usage" else ""
        lines = f"{error.message}{hint}"
        return _failed(error.error_id, error.message, error.status, lines, streams)
    except KeyboardInterrupt:
        message = _("Cancelled.")
        return _failed("cancelled", message, ExitStatus.CANCELLED, f"\n{message}", streams)
    except OutputLostError:
        raise
    except Exception as error:
        found = explain_system_error(error) or ("internal", _defect_sentence(error))
        status = _failed(*found, ExitStatus.FAILED, f"mailsetup: {found[1]}", streams)
        if os.environ.get("MAILSETUP_DEBUG"):
            raise
        return status


def _failed(
    error_id: str, message: str, status: ExitStatus, lines: str, streams: Streams
) -> ExitStatus:
    """Report why there is no result: as the one JSON document, or as ``lines`` of text."""
    if streams.wants_json and not has_written(streams.stdout):
        print_document(error_document(error_id, message), streams.stdout)
    else:
        streams.stderr.write(f"{lines}\n")
    return status


def _help_hint(verb: str) -> str:
    """Which help describes a command, or the program where it is ""."""
    command = " ".join(filter(None, ("mailsetup", verb, "--help")))
    return _("“{command}” shows what there is.").format(command=command)


def _defect_sentence(error: Exception) -> str:
    # The message of an exception may contain secrets; its type and place identify the defect.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "?"
    return _("This is a defect of this program ({kind} at {place}). Please report it.").format(
        kind=type(error).__name__, place=place
    )


def _language(arguments: Sequence[str]) -> str | None:
    """The value of ``--lang``, needed before the first text, also that of a usage error."""
    for index, argument in enumerate(arguments):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang" and index + 1 < len(arguments):
            value = arguments[index + 1]
        if value in LANGUAGES:
            return value
    return None
