"""The verbs, each of which loads what it needs."""

import argparse
from typing import TextIO

from mailsetup.cli.main import error_document, help_hint, print_document
from mailsetup.cli.refusal import RefusalError, Streams


def run_verb(options: argparse.Namespace, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> int:
    """Carry out one verb and return its exit status."""
    streams = Streams(stdin, stdout, stderr)
    try:
        return _carried_out(options, streams)
    except RefusalError as refusal:
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
            from mailsetup.cli.discover import discover

            return discover(options, streams)
        case "check":
            from mailsetup.cli.check import check

            return check(options, streams)
        case "export":
            from mailsetup.cli.export import export

            return export(options, streams)
        case "batch":
            from mailsetup.cli.batch import batch

            return batch(options, streams)
        case "kit":
            from mailsetup.cli.kits import kit

            return kit(options, streams)
        case "programs":
            from mailsetup.cli.programs import programs

            return programs(options, streams)
        case verb:
            from mailsetup.cli import exporting

            hand_over = {
                "publish": exporting.publish,
                "apply": exporting.apply,
            }
            return hand_over[verb](options, streams)
