"""Options that several commands share: each group with the immutable value that it is read into.

Commands and groups are named tuples: ``--help`` creates all these classes, each in 0.05 ms
instead of the 0.6 ms of a frozen dataclass with slots.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

from mailsetup.i18n import _

_MAX_DIGITS = 10

_T = TypeVar("_T", bound=NamedTuple)


def fill(kind: type[_T], namespace: argparse.Namespace, **replaced: object) -> _T:
    """Make a command or a group from the parsed values with the names of its fields.

    A field that is a group is filled the same way; ``replaced`` overrides parsed values.
    """
    values: dict[str, object] = {**vars(namespace), **replaced}
    hints: dict[str, object] = kind.__annotations__
    filled: list[object] = []
    for name in kind._fields:
        hint = hints[name]
        is_group = isinstance(hint, type) and hasattr(hint, "_fields")
        value = fill(cast("type[NamedTuple]", hint), namespace) if is_group else values[name]
        filled.append(tuple(value) if isinstance(value, list) else value)
    return kind._make(filled)


def filler(kind: type[_T]) -> Callable[[argparse.Namespace], _T]:
    """`fill` for one kind of command."""
    return lambda namespace: fill(kind, namespace)


class SearchArguments(NamedTuple):
    """Where settings come from: a file, or a search with these options.

    ``timeout`` is in seconds, for the whole search. ``trust`` are domains as typed.
    """

    settings: Path | None
    trust: tuple[str, ...]
    resolver: str | None
    ca_file: Path | None
    timeout: float
    allow_http: bool
    offline: bool


class AccountArguments(NamedTuple):
    """The account whose settings are written: address and name of its owner, and the search."""

    address: str
    name: str
    search: SearchArguments


class MessageArguments(NamedTuple):
    """The test message. ``wait`` is in seconds."""

    no_send: bool
    attachment_mib: int
    wait: float


def add_settings(group: argparse._ActionsContainer) -> None:
    """``--settings``: settings that are known already."""
    group.add_argument(
        "--settings",
        type=Path,
        metavar=_("FILE"),
        help=_("use these settings (JSON as “discover” prints) instead of looking for them"),
    )


def add_search(group: argparse._ActionsContainer) -> None:
    """The options of `SearchArguments`."""
    add_settings(group)
    group.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar=_("DOMAIN"),
        help=_("agree beforehand to servers of this domain; repeatable"),
    )
    group.add_argument(
        "--resolver", metavar="HOST[:PORT]", help=_("name server to ask instead of the system's")
    )
    group.add_argument(
        "--ca-file",
        type=Path,
        metavar=_("FILE"),
        help=_("also trust the authorities in this PEM file"),
    )
    group.add_argument(
        "--timeout",
        type=seconds,
        default=20.0,
        metavar=_("SECONDS"),
        help=_("time for finding the settings (default: 20)"),
    )
    group.add_argument(
        "--allow-http",
        action="store_true",
        help=_("also read settings that come unprotected; you are asked about their servers"),
    )
    group.add_argument(
        "--offline", action="store_true", help=_("use only what this program knows by itself")
    )


def add_address(verb: argparse.ArgumentParser) -> None:
    """The address that a command is about."""
    verb.add_argument("address", metavar=_("ADDRESS"), help=_("the e-mail address"))


def add_name(verb: argparse.ArgumentParser) -> None:
    """``--name``: the name of the address's owner."""
    verb.add_argument("--name", default="", help=_("the person's name"))


def add_password(verb: argparse.ArgumentParser) -> None:
    """``--password-stdin``: the one way to pass a password on the command line."""
    verb.add_argument(
        "--password-stdin",
        action="store_true",
        help=_("read the password from the first line of standard input"),
    )


def add_message(verb: argparse.ArgumentParser, *, no_send: str, mib: int, size: str) -> None:
    """The options of `MessageArguments`; ``mib`` is the default size of the attachment."""
    verb.add_argument("--no-send", action="store_true", help=no_send)
    verb.add_argument(
        "--attachment-mib", type=whole_number(0, 100), default=mib, metavar="N", help=size
    )
    verb.add_argument(
        "--wait",
        type=seconds,
        default=120.0,
        metavar=_("SECONDS"),
        help=_("how long to wait for the test message (default: 120)"),
    )


def seconds(text: str) -> float:
    """A duration as typed. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 3600:
        raise argparse.ArgumentTypeError(_("must be a number of seconds from 0.1 to 3600"))
    return value


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A converter for argparse: a number as typed, from ``low`` to ``high``."""

    def convert(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) < _MAX_DIGITS
        if is_number and low <= int(text) <= high:
            return int(text)
        raise argparse.ArgumentTypeError(
            _("must be a whole number from {low} to {high}").format(low=low, high=high)
        )

    return convert
