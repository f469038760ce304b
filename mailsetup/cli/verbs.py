"""The verbs, each of which loads what it needs."""

import argparse
from typing import TextIO

from mailsetup.cli.main import error_document, help_hint, print_document
from mailsetup.cli.refusal import CommandError, Streams


def run_verb(options: argparse.Namespace, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Carry out one verb and return its exit status."""
    streams = Streams(stdin, stdout, stderr)
    try:
        return _carried_out(options, streams)
    except CommandError as refusal:
        if options.json:
            print_document(error_document(refusal.error_id, refusal.message), stdout)
        else:
            stderr.write(f"{refusal.message}\n")
            if refusal.error_id == "usage":
                stderr.write(f"{help_hint(options.verb)}\n")
        return refusal.status


def _carried_out(options: argparse.Namespace, streams: Streams) -> int:
    match options.verb:
        case "discover":
            from mailsetup.cli.commands.discover import discover

            return discover(options, streams)
        case "check":
            from mailsetup.cli.commands.check import check

            return check(options, streams)
        case "export":
            from mailsetup.cli.commands.export import export

            return export(options, streams)
        case "batch":
            from mailsetup.cli.commands.batch import batch

            return batch(options, streams)
        case "kit":
            from mailsetup.cli.commands.kit import kit

            return kit(options, streams)
        case "programs":
            from mailsetup.cli.commands.programs import programs

            return programs(options, streams)
        case verb:
            from mailsetup.cli.commands import apply_publish

            hand_over = {
                "publish": apply_publish.publish,
                "apply": apply_publish.apply,
            }
            return hand_over[verb](options, streams)
