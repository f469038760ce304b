"""The command line: reads the words, calls the assistant, prints what came of it.

Everything heavy is imported by the verb that needs it.
"""

import contextlib
import errno
import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from mailsetup.cli.arguments import UsageError, parse
from mailsetup.i18n import _, set_language

if TYPE_CHECKING:
    from mailsetup.cli.document import Document
    from mailsetup.fleet.welcome import Printed
    from mailsetup.report.content import ReportContent

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
    output = stdout or sys.stdout
    messages = stderr or sys.stderr
    wants_json = "--json" in arguments
    language = _language(arguments)
    if language is not None:
        set_language(language)
    try:
        options = parse(arguments)
        if options.verb is None or options.demo:
            return _open(options, windows, output, messages)
        if options.verb in ("schema", "completion", "manual"):
            return _describe(options, output)
        if options.verb in ("discover", "check") and not wants_json:
            _say_what_happens(options, messages)
        from mailsetup.cli.verbs import run_verb

        options.make_pdf = windows.pdf if windows is not None else None
        options.make_page = windows.page if windows is not None else None
        return run_verb(options, stdin or sys.stdin, output, messages)
    except UsageError as error:
        return _usage(error, wants_json, output, messages)
    except KeyboardInterrupt:
        message = _("Cancelled.")
        if wants_json:
            print_document(error_document("cancelled", message), output)
        else:
            messages.write(f"\n{message}\n")
        return CANCELLED
    except BrokenPipeError:
        # Whoever read our output has gone; nothing is left to be said to anybody.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        if error.errno not in (errno.EMFILE, errno.ENFILE):
            return _defect(error, wants_json, output, messages)
        message = _("Too many files are open on this computer. Close some programs and try again.")
        if wants_json:
            print_document(error_document("computer.too-many-open-files", message), output)
        else:
            messages.write(f"mailsetup: {message}\n")
        return DEFECT
    except Exception as error:  # noqa: BLE001 - the border: a defect of ours, told without a traceback
        return _defect(error, wants_json, output, messages)


def _say_what_happens(options: Namespace, stderr: TextIO) -> None:
    """A first word to a person who watches, before anything heavy is even loaded."""
    from mailsetup.model.address import EmailAddress

    looks = options.settings is None and stderr.isatty()
    if looks and isinstance(EmailAddress.parse(options.address), EmailAddress):
        stderr.write(_("Looking for your mail servers") + " …\n")
        stderr.flush()


def _describe(options: Namespace, stdout: TextIO) -> int:
    from mailsetup.cli import selfdescription

    match options.verb:
        case "schema":
            selfdescription.write_schema(stdout)
        case "completion":
            selfdescription.write_completion(options.shell, stdout)
        case _:
            from datetime import UTC, datetime

            # A given date makes the same page twice (reproducible-builds.org).
            given = os.environ.get("SOURCE_DATE_EPOCH", "")
            now = datetime.fromtimestamp(int(given), UTC) if given.isdigit() else datetime.now(UTC)
            selfdescription.write_manual(stdout, now.date().isoformat())
    return DONE


def _open(options: Namespace, windows: Windows | None, stdout: TextIO, stderr: TextIO) -> int:
    if options.verb is not None:
        raise UsageError(_("--demo goes without a command"))
    if windows is None:
        raise UsageError(_("There is no command. “mailsetup --help” shows them."))
    opener = windows.demo if options.demo else windows.program
    return opener(stdout, stderr, options.screenshot)


def _usage(error: UsageError, wants_json: bool, stdout: TextIO, stderr: TextIO) -> int:
    message = str(error)
    if wants_json:
        print_document(error_document("usage", message), stdout)
    else:
        hint = _("“mailsetup --help” shows what there is.")
        stderr.write(f"mailsetup: {message}\n{hint}\n")
    return BAD_INPUT


def _defect(error: Exception, wants_json: bool, stdout: TextIO, stderr: TextIO) -> int:
    # The text of an exception may hold anything; its type and place are enough to mend it.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "?"
    message = _("This is a defect of this program ({kind} at {place}). Please report it.").format(
        kind=type(error).__name__, place=place
    )
    if wants_json:
        print_document(error_document("internal", message), stdout)
    else:
        stderr.write(f"mailsetup: {message}\n")
    if os.environ.get("MAILSETUP_DEBUG"):
        raise error
    return DEFECT


def error_document(error_id: str, message: str) -> "Document":
    """What is printed instead of a result."""
    return {"schema": 1, "outcome": "error", "error": {"id": error_id, "message": message}}


def print_document(document: "Document", stdout: TextIO) -> None:
    """Exactly one JSON document, whatever the terminal's encoding."""
    encoding = (getattr(stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    stdout.write(json.dumps(document, ensure_ascii=encoding != "utf8", indent=2) + "\n")
    stdout.flush()


def _language(arguments: Sequence[str]) -> str | None:
    """The language has to be known before the first text, also that of a usage error."""
    for index, argument in enumerate(arguments):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang" and index + 1 < len(arguments):
            value = arguments[index + 1]
        if value in ("es", "en"):
            return value
    return None
