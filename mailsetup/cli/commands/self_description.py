"""The commands ``schema`` and ``manual``."""

import argparse
import contextlib
import os
import re
import textwrap
from datetime import UTC, datetime
from typing import TextIO

from mailsetup import __version__, resources
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.parser.command_line import parser
from mailsetup.cli.parser.self_description import ManualCommand, SchemaCommand
from mailsetup.cli.streams import Streams
from mailsetup.i18n import _


def run(command: SchemaCommand | ManualCommand, streams: Streams) -> ExitStatus:
    """Print the JSON Schema of everything that ``--json`` prints, or the manual page."""
    if isinstance(command, SchemaCommand):
        streams.stdout.write(resources.read_text("schema", "mailsetup-1.schema.json"))
    else:
        write_manual(streams.stdout, _date())
    return ExitStatus.DONE


def _date() -> str:
    """The date of the manual page; a given one makes the build reproducible.

    Source: the specification of SOURCE_DATE_EPOCH, reproducible-builds.org.
    """
    now = datetime.now(UTC)
    with contextlib.suppress(ValueError, OverflowError, OSError):
        now = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "")), UTC)
    return now.date().isoformat()


def write_manual(out: TextIO, date: str) -> None:
    """The manual page in the man macros, section 1, made from the parser in the current language.

    ``date`` is printed at the foot of the page, as ``2026-01-31``.
    """
    root = parser()
    chapter, command = _roff(_("User commands")), _roff(_("COMMAND"))
    lines = [
        f'.TH MAILSETUP 1 "{date}" "mailsetup {__version__}" "{chapter}"',
        _heading(_("Name")),
        rf"mailsetup \- {_roff(_first_sentence(root.description or ''))}",
        _heading(_("Synopsis")),
        ".B mailsetup",
        ".br",
        r".B mailsetup \-\-demo",
        ".br",
        rf".B mailsetup \fI{command}\fR \fI…\fR",
        _heading(_("Description")),
        *_text(root.description or ""),
        *_options(root),
        _heading(_("Commands")),
    ]
    for name, verb in root.verbs.items():
        lines += [f".SS mailsetup {_roff(name)}", *_text(verb.description or "")]
        usage = _usage(verb)
        lines += [".PP", *_wrapped(usage)]
        lines += _options(verb, heading=False)
        if verb.epilog:
            lines += _example(verb.epilog)
    lines += [
        _heading(_("Exit status")),
        *_statuses(),
        _heading(_("Files")),
        *_text(
            _(
                "Passwords are kept in the system's keyring only, and only if you ask for it."
                " “batch” keeps what is done in .mailsetup-batch below its folder."
            )
        ),
    ]
    out.write("\n".join(lines) + "\n")


def _heading(title: str) -> str:
    return f".SH {_roff(title.upper())}"


def _first_sentence(text: str) -> str:
    return text.split(". ", 1)[0].rstrip(".")


def _text(text: str) -> list[str]:
    """Paragraphs below a heading; the first one needs no macro."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        lines += [*([".PP"] if lines else []), *_wrapped(paragraph)]
    return lines


def _wrapped(text: str) -> list[str]:
    """A paragraph in lines of roff source, which roff fills again."""
    return [_roff(line) for line in textwrap.wrap(text, 72, break_on_hyphens=False)]


def _example(epilog: str) -> list[str]:
    return [".PP", ".nf", *(_roff(line) for line in epilog.splitlines()), ".fi"]


def _usage(verb: argparse.ArgumentParser) -> str:
    return " ".join(verb.format_usage().split()).split(": ", 1)[-1]


def _options(root: argparse.ArgumentParser, *, heading: bool = True) -> list[str]:
    lines = [_heading(_("Options"))] if heading else []
    for action in root._actions:
        if action.help in (None, argparse.SUPPRESS) or isinstance(
            action, argparse._SubParsersAction
        ):
            continue
        value = action.metavar if isinstance(action.metavar, str) else ""
        if not value and action.choices is not None:
            value = "|".join(map(str, action.choices))
        shown = rf" \fI{_roff(value)}\fR" if value and action.nargs != 0 else ""
        names = ", ".join(rf"\fB{_roff(name)}\fR" for name in action.option_strings)
        head = f"{names}{shown}" if names else rf"\fI{_roff(value or action.dest)}\fR"
        # The help is a format string of argparse.
        description = (action.help or "").replace("%%", "%")
        lines += [".TP", head, *_wrapped(description)]
    return lines


def _statuses() -> list[str]:
    return [
        line
        for status in ExitStatus
        for line in (".TP", rf"\fB{status:d}\fR", _roff(status.meaning))
    ]


def _roff(text: str) -> str:
    """Text with the special characters of roff escaped."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    escaped = re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.MULTILINE)
    return escaped.replace('"', r"\(dq")
