"""The command ``discover``: the servers of an address."""

from collections.abc import Mapping
from typing import Final

from mailsetup.cli import text
from mailsetup.cli.account_arguments import parse_address
from mailsetup.cli.diagnosis_document import verdict_members
from mailsetup.cli.document import discovery_document
from mailsetup.cli.engine import Engine, run_options
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import print_document
from mailsetup.cli.parser.discover import DiscoverCommand
from mailsetup.cli.search import find_settings
from mailsetup.cli.streams import Streams
from mailsetup.model.discovery import DiscoveryStatus

_STATUS: Final[Mapping[DiscoveryStatus, ExitStatus]] = {
    DiscoveryStatus.FOUND: ExitStatus.DONE,
    DiscoveryStatus.NEEDS_CONFIRMATION: ExitStatus.NEEDS_CONFIRMATION,
    DiscoveryStatus.NOT_FOUND: ExitStatus.NOT_FOUND,
}


def run(command: DiscoverCommand, streams: Streams) -> ExitStatus:
    """Search, and print what was found or why nothing was."""
    address = parse_address(command.address)
    with Engine(run_options(command.search)) as engine:
        discovery, _agreed = find_settings(command.search, streams, engine, address)
        document = discovery_document(address, discovery)
        if discovery.outcome is DiscoveryStatus.NOT_FOUND:
            verdict = engine.run(engine.assistant.explain_absence(address, discovery))
            document |= verdict_members(verdict)
            if not streams.wants_json:
                # The texts of a check take 40 ms to load, which a successful search saves.
                from mailsetup.cli.check_text import write_nothing_found

                write_nothing_found(address, discovery, verdict, streams.stdout)
    if streams.wants_json:
        print_document(document, streams.stdout)
    elif discovery.outcome is not DiscoveryStatus.NOT_FOUND:
        text.write_discovery(discovery, streams.stdout)
        text.write_confirmation(discovery, streams.stderr)
    return _STATUS[discovery.outcome]
