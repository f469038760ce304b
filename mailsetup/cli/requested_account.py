"""The account whose settings a command writes, with settings of a file or a search."""

from mailsetup.cli.account_arguments import (
    account_from,
    confirmed_settings,
    parse_address,
    parse_name,
    settings_from_file,
)
from mailsetup.cli.parser.option_groups import AccountArguments
from mailsetup.cli.streams import Streams
from mailsetup.model.settings import Account


def requested_account(arguments: AccountArguments, streams: Streams) -> Account:
    """The account to write settings of. Raises `CommandError` without confirmed settings."""
    address = parse_address(arguments.address)
    person = parse_name(arguments.name)
    if arguments.search.settings is not None:
        discovery = settings_from_file(arguments.search.settings, address)
    else:
        # Settings from a file do not need the search: asyncio, ssl and the sources, about 100 ms.
        from mailsetup.cli.search import search_alone

        discovery = search_alone(arguments.search, streams, address)
    return account_from(confirmed_settings(discovery, address, streams), address, person)
