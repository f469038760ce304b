"""Settings as the JSON of the command-line contract, both ways."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import parse_host, parse_port
from mailsetup.model.settings import (
    AccountSettings,
    Authentication,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.text import has_control, plain

SCHEMA = 1
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_Word = TypeVar("_Word", bound=StrEnum)

_MAX_SERVERS = 32
_MAX_USERNAME = 320


def server_to_json(server: ServerSettings) -> dict[str, Json]:
    """One server in the contract's words."""
    return {
        "protocol": str(server.protocol),
        "host": server.host,
        "port": server.port,
        "security": str(server.security),
        "username": server.username,
        "authentication": [str(kind) for kind in server.authentication],
    }


def settings_to_json(settings: AccountSettings) -> dict[str, Json]:
    """All servers in the contract's words, best first."""
    document: dict[str, Json] = {
        "incoming": [server_to_json(server) for server in settings.incoming],
        "outgoing": [server_to_json(server) for server in settings.outgoing],
    }
    if settings.provider:
        document["provider"] = settings.provider
    if settings.hints:
        document["hints"] = [{"kind": hint.kind, "url": hint.url} for hint in settings.hints]
    return document


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """Why a settings document cannot be used; ``where`` names the place in it."""

    where: str
    problem: str


class _UnusableError(ValueError):
    def __init__(self, where: str, problem: str) -> None:
        super().__init__(where)
        self.problem = SettingsProblem(where, problem)


def settings_from_json(
    document: object, address: EmailAddress
) -> AccountSettings | SettingsProblem:
    """Read what `settings_to_json` wrote, or a whole `discover` document around it.

    A missing user name means the address.
    """
    try:
        return _settings(document, address)
    except _UnusableError as error:
        return error.problem


def _settings(document: object, address: EmailAddress) -> AccountSettings:
    if isinstance(document, Mapping) and "settings" in document:
        document = document["settings"]
    if not isinstance(document, Mapping):
        raise _UnusableError("settings", "not an object")
    settings = AccountSettings(
        incoming=_servers(document, "incoming", address),
        outgoing=_servers(document, "outgoing", address),
        provider=plain(provider, 60)
        if isinstance(provider := document.get("provider"), str)
        else "",
    )
    if not settings.servers:
        raise _UnusableError("settings", "no server in it")
    return settings


def _servers(
    document: Mapping[object, object], key: str, address: EmailAddress
) -> tuple[ServerSettings, ...]:
    entries = document.get(key, [])
    if not isinstance(entries, list) or len(entries) > _MAX_SERVERS:
        raise _UnusableError(key, "not a list of servers")
    return tuple(
        _server(entry, f"{key}[{index}]", key, address) for index, entry in enumerate(entries)
    )


def _server(entry: object, where: str, key: str, address: EmailAddress) -> ServerSettings:
    if not isinstance(entry, Mapping):
        raise _UnusableError(where, "not an object")
    protocol = _word(entry, "protocol", Protocol, where)
    if (protocol is Protocol.SMTP) != (key == "outgoing"):
        raise _UnusableError(f"{where}.protocol", "on the wrong side")
    host_text = entry.get("host")
    host = parse_host(host_text, typed=True) if isinstance(host_text, str) else None
    if host is None:
        raise _UnusableError(f"{where}.host", "not a host name")
    port = parse_port(entry.get("port"))
    if port is None:
        raise _UnusableError(f"{where}.port", "not a port from 1 to 65535")
    username = entry.get("username", address.ascii)
    if not isinstance(username, str) or not username or len(username) > _MAX_USERNAME:
        raise _UnusableError(f"{where}.username", "not a user name")
    if has_control(username):
        raise _UnusableError(f"{where}.username", "it holds control characters")
    kinds = entry.get("authentication", [str(Authentication.PASSWORD_CLEARTEXT)])
    if not isinstance(kinds, list) or not kinds:
        raise _UnusableError(f"{where}.authentication", "not a list")
    return ServerSettings(
        protocol=protocol,
        host=host,
        port=port,
        security=_word(entry, "security", SocketType, where),
        username=username,
        authentication=tuple(
            _word({"authentication": kind}, "authentication", Authentication, where)
            for kind in kinds
        ),
    )


def _word(entry: Mapping[object, object], key: str, words: type[_Word], where: str) -> _Word:
    value = entry.get(key)
    for word in words:
        if value == word:
            return word
    allowed = ", ".join(words)
    raise _UnusableError(f"{where}.{key}", f"must be one of {allowed}")
