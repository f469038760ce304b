"""The verb ``discover``: the servers of an address."""

import argparse
from typing import assert_never

from mailsetup.cli import text
from mailsetup.cli.common import address_of, find_settings, run_options
from mailsetup.cli.document import discovery_document
from mailsetup.cli.engine import Engine
from mailsetup.cli.main import DONE, NEEDS_CONFIRMATION, NOT_FOUND, print_document
from mailsetup.cli.refusal import Streams
from mailsetup.model.discovery import Discovery, DiscoveryStatus


def discover(options: argparse.Namespace, streams: Streams) -> int:
    """Carry out the verb."""
    address = address_of(options)
    with Engine(run_options(options)) as engine:
        discovery, _agreed = find_settings(options, streams, engine, address)
        document = discovery_document(address, discovery)
        if discovery.outcome is DiscoveryStatus.NOT_FOUND:
            from mailsetup.cli.check_document import verdict_members
            from mailsetup.cli.check_text import write_nothing_found

            verdict = engine.run(engine.assistant.explain_absence(address, discovery))
            document |= verdict_members(verdict)
            if not options.json:
                write_nothing_found(address, discovery, verdict, streams.stdout)
    if options.json:
        print_document(document, streams.stdout)
    elif discovery.outcome is not DiscoveryStatus.NOT_FOUND:
        text.write_discovery(discovery, streams.stdout)
        text.write_confirmation(discovery, streams.stderr)
    return _status_of(discovery)


def _status_of(discovery: Discovery) -> int:
    match discovery.outcome:
        case DiscoveryStatus.FOUND:
            return DONE
        case DiscoveryStatus.NEEDS_CONFIRMATION:
            return NEEDS_CONFIRMATION
        case DiscoveryStatus.NOT_FOUND:
            return NOT_FOUND
        case _:
            assert_never(discovery.outcome)
