"""The search for settings, with its questions to the user."""

from collections.abc import Collection

from mailsetup.cli.account_arguments import agrees, settings_from_file
from mailsetup.cli.engine import Engine, run_options
from mailsetup.cli.parser.option_groups import SearchArguments
from mailsetup.cli.progress import live_progress
from mailsetup.cli.streams import Streams
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery

_MAX_REDIRECTIONS = 3
"""How many times the user is asked whether another company may be asked for the settings."""


def find_settings(
    search: SearchArguments, streams: Streams, engine: Engine, address: EmailAddress
) -> tuple[Discovery, Collection[str]]:
    """The settings of the file or the search, and the domains that the user agreed to."""
    if search.settings is not None:
        return settings_from_file(search.settings, address), ()
    agreed: tuple[str, ...] = ()
    for _attempt in range(_MAX_REDIRECTIONS):
        with live_progress(streams) as emit:
            discovery = engine.run(engine.assistant.discover(address, emit, agreed=agreed))
        # Without settings the question is which company may be asked for them.
        if discovery.settings is not None or not agrees(discovery, streams):
            break
        agreed = (*agreed, *discovery.confirm)
    return discovery, agreed


def search_alone(search: SearchArguments, streams: Streams, address: EmailAddress) -> Discovery:
    """The search where nothing else needs the engine."""
    with Engine(run_options(search)) as engine:
        return find_settings(search, streams, engine, address)[0]
