"""The command line: reads the words, calls the assistant, prints what came of it.

Everything heavy is imported by the verb that needs it.
"""

import contextlib
import io
import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from mailsetup.cli.environment import environment_problem
from mailsetup.cli.output import OutputLostError, has_written, messages, output
from mailsetup.cli.parser.arguments import parse
from mailsetup.cli.parser.parsing import UsageError
from mailsetup.i18n import _, set_language
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.text import is_control

if TYPE_CHECKING:
    from mailsetup.batch.welcome_sheet import Printed
    from mailsetup.cli.document import Document
    from mailsetup.reporting.content import ReportContent

DONE = 0
DEFECT = 1
BAD_INPUT = 2
NOT_FOUND = 3
NEEDS_CONFIRMATION = 4
BROKEN = 5
CANCELLED = 130


Opener = Callable[[TextIO, TextIO, str | None], int]
"""Opens something and returns the exit status: standard output, messages, a picture's file."""


MakePdf = Callable[["ReportContent"], bytes]
MakePage = Callable[["Printed"], bytes]


@dataclass(frozen=True, slots=True)
class Windows:
    """What needs a window's libraries: the window, the one on the demo world, and PDF files."""

    program: Opener
    demo: Opener
    pdf: MakePdf
    page: MakePage


def main(
    arguments: Sequence[str],
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    windows: Windows | None = None,
) -> int:
    """Run one command and return its exit status; never raises for what people do wrong."""
    language = _language(arguments)
    if language is not None:
        set_language(language)
    told = messages(stderr or sys.stderr)
    try:
        with _result(stdout or sys.stdout, arguments) as output:
            return _answered(arguments, stdin or sys.stdin or io.StringIO(), output, told, windows)
    except OutputLostError as error:
        if str(error):
            told.write(f"mailsetup: {error}\n")
        return error.status


@contextlib.contextmanager
def _result(stream: TextIO | None, arguments: Sequence[str]) -> Iterator[TextIO]:
    """Standard output, written to the end. Raises `OutputLostError` where that fails."""
    # The window needs none: it may be started from a desktop, where nothing shows the output.
    is_window = not arguments or "--demo" in arguments
    opened = output(io.StringIO() if stream is None and is_window else stream)
    try:
        # argparse writes its help there by itself, and ignores that it cannot.
        with contextlib.redirect_stdout(opened if stream is sys.stdout else sys.stdout):
            yield opened
    finally:
        opened.flush()


def _answered(
    arguments: Sequence[str],
    stdin: TextIO,
    stdout: TextIO,
    stderr: TextIO,
    windows: Windows | None,
) -> int:
    wants_json = "--json" in arguments
    try:
        return _carried_out(arguments, stdin, stdout, stderr, windows)
    except UsageError as error:
        lines = f"mailsetup: {error}\n{help_hint(error.verb)}"
        return _failed("usage", str(error), BAD_INPUT, lines, wants_json, stdout, stderr)
    except KeyboardInterrupt:
        message = _("Cancelled.")
        lines = f"\n{message}"
        return _failed("cancelled", message, CANCELLED, lines, wants_json, stdout, stderr)
    except OutputLostError:
        raise
    except Exception as error:
        found = environment_problem(error) or ("internal", _defect_sentence(error))
        lines = f"mailsetup: {found[1]}"
        status = _failed(*found, DEFECT, lines, wants_json, stdout, stderr)
        if os.environ.get("MAILSETUP_DEBUG"):
            raise
        return status


def _failed(
    error_id: str,
    message: str,
    status: int,
    lines: str,
    wants_json: bool,
    stdout: TextIO,
    stderr: TextIO,
) -> int:
    """Say why there is no result: with JSON as the one document, otherwise in ``lines``."""
    if wants_json and not has_written(stdout):
        print_document(error_document(error_id, message), stdout)
    else:
        stderr.write(f"{lines}\n")
    return status


def _carried_out(
    arguments: Sequence[str],
    stdin: TextIO,
    stdout: TextIO,
    stderr: TextIO,
    windows: Windows | None,
) -> int:
    options = parse(arguments)
    if options.verb is None:
        return _open(options, windows, stdout, stderr)
    if options.verb in ("schema", "completion", "manual"):
        return _describe(options, stdout)
    if options.verb in ("discover", "check") and not options.json:
        _say_what_happens(options, stderr)
    from mailsetup.cli.verbs import run_verb

    options.make_pdf = windows.pdf if windows is not None else None
    options.make_page = windows.page if windows is not None else None
    return run_verb(options, stdin, stdout, stderr)


def help_hint(verb: str) -> str:
    """Which help tells more about a verb, or about the program where it is ""."""
    command = " ".join(filter(None, ("mailsetup", verb, "--help")))
    return _("“{command}” shows what there is.").format(command=command)


def _say_what_happens(options: Namespace, stderr: TextIO) -> None:
    """A first word to a person who watches, before anything heavy is even loaded."""
    from mailsetup.model.address import EmailAddress

    looks = options.settings is None and options.address is not None and stderr.isatty()
    if looks and isinstance(EmailAddress.parse(options.address), EmailAddress):
        stderr.write(_("Looking for your mail servers") + " …\n")
        stderr.flush()


def _describe(options: Namespace, stdout: TextIO) -> int:
    from mailsetup.cli.commands import self_description

    match options.verb:
        case "schema":
            self_description.write_schema(stdout)
        case "completion":
            self_description.write_completion(options.shell, stdout)
        case _:
            from datetime import UTC, datetime

            now = datetime.now(UTC)
            # A given date makes the same page twice (reproducible-builds.org).
            with contextlib.suppress(ValueError, OverflowError, OSError):
                now = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "")), UTC)
            self_description.write_manual(stdout, now.date().isoformat())
    return DONE


def _open(options: Namespace, windows: Windows | None, stdout: TextIO, stderr: TextIO) -> int:
    if windows is None:
        raise UsageError(_("There is no command. “mailsetup --help” shows them."))
    opener = windows.demo if options.demo else windows.program
    return opener(stdout, stderr, options.screenshot)


def _defect_sentence(error: Exception) -> str:
    # The text of an exception may hold anything; its type and place are enough to mend it.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "?"
    return _("This is a defect of this program ({kind} at {place}). Please report it.").format(
        kind=type(error).__name__, place=place
    )


def error_document(error_id: str, message: str) -> "Document":
    """What is printed instead of a result."""
    return {"schema": 1, "outcome": "error", "error": {"id": error_id, "message": message}}


def print_document(document: "Document", stdout: TextIO) -> None:
    """Exactly one JSON document, whatever the terminal's encoding; nothing in it steers that."""
    encoding = (getattr(stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    text = json.dumps(document, ensure_ascii=encoding != "utf8", indent=2)
    if not text.isascii():
        text = "".join(
            json.dumps(char)[1:-1] if char > "~" and is_control(char) else char for char in text
        )
    stdout.write(f"{text}\n")
    stdout.flush()


def _language(arguments: Sequence[str]) -> str | None:
    """The language has to be known before the first text, also that of a usage error."""
    for index, argument in enumerate(arguments):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang" and index + 1 < len(arguments):
            value = arguments[index + 1]
        if value in LANGUAGES:
            return value
    return None
