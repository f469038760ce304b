"""Settings as the JSON of the command-line interface: reader and writer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import https_url, parse_host, parse_port
from mailsetup.model.settings import (
    MAX_PROVIDER_NAME,
    MAX_USERNAME,
    AccountSettings,
    Authentication,
    Hint,
    OAuth2Endpoints,
    Protocol,
    ServerSettings,
    Service,
    ServiceKind,
    SocketType,
)
from mailsetup.model.text import has_control, plain

SCHEMA = 1
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Document = dict[str, Json]

_Word = TypeVar("_Word", bound=StrEnum)

_MAX_SERVERS = 32


def server_to_json(server: ServerSettings) -> dict[str, Json]:
    """One server."""
    return {
        "protocol": str(server.protocol),
        "host": server.host,
        "port": server.port,
        "security": str(server.security),
        "username": server.username,
        "authentication": [str(kind) for kind in server.authentication],
    }


def settings_to_json(settings: AccountSettings) -> dict[str, Json]:
    """All settings; servers are best first."""
    document: dict[str, Json] = {
        "incoming": [server_to_json(server) for server in settings.incoming],
        "outgoing": [server_to_json(server) for server in settings.outgoing],
    }
    if settings.provider:
        document["provider"] = settings.provider
    if settings.hints:
        document["hints"] = [hint_to_json(hint) for hint in settings.hints]
    if settings.services:
        document["services"] = [_service_to_json(service) for service in settings.services]
    if settings.oauth2 is not None:
        document["oauth2"] = _oauth2_to_json(settings.oauth2)
    if settings.aliases:
        document["aliases"] = [
            {"asked": alias.asked, "proven": alias.proven} for alias in settings.aliases
        ]
    return document


def hint_to_json(hint: Hint) -> dict[str, Json]:
    """A hint, with the provider's texts where it has any."""
    entry: dict[str, Json] = {"kind": hint.kind, "url": hint.url}
    if hint.texts:
        entry["texts"] = {language or "und": text for language, text in hint.texts}
    return entry


def _service_to_json(service: Service) -> dict[str, Json]:
    place: dict[str, Json] = (
        {"url": service.url}
        if service.url
        else {"host": service.host, "port": service.port, "security": str(service.security)}
    )
    return {
        "protocol": str(service.kind),
        **place,
        "username": service.username,
        "authentication": [str(kind) for kind in service.authentication],
    }


def _oauth2_to_json(endpoints: OAuth2Endpoints) -> dict[str, Json]:
    return {
        "issuer": endpoints.issuer,
        "auth_url": endpoints.auth_url,
        "token_url": endpoints.token_url,
        "scope": list(endpoints.scope),
        "client_id": endpoints.client_id,
    }


@dataclass(frozen=True, slots=True)
class SettingsFailure:
    """Why a settings document cannot be used; ``where`` names the place in it."""

    where: str
    problem: str


class _ContentError(ValueError):
    def __init__(self, where: str, problem: str) -> None:
        super().__init__(where)
        self.failure = SettingsFailure(where, problem)


def settings_from_json(
    document: object, address: EmailAddress
) -> AccountSettings | SettingsFailure:
    """Read a document of `settings_to_json`, or a whole `discover` document that contains it.

    A missing user name means the address.
    """
    try:
        return _settings(document, address)
    except _ContentError as error:
        return error.failure


def _settings(document: object, address: EmailAddress) -> AccountSettings:
    if isinstance(document, Mapping) and "settings" in document:
        document = document["settings"]
    if not isinstance(document, Mapping):
        raise _ContentError("settings", "not an object")
    settings = AccountSettings(
        incoming=_servers(document, "incoming", address),
        outgoing=_servers(document, "outgoing", address),
        provider=plain(provider, MAX_PROVIDER_NAME)
        if isinstance(provider := document.get("provider"), str)
        else "",
        services=tuple(
            _service(entry, f"services[{index}]", address)
            for index, entry in enumerate(_list(document, "services"))
        ),
        oauth2=_oauth2(document["oauth2"]) if "oauth2" in document else None,
    )
    if not settings.servers:
        raise _ContentError("settings", "no server in it")
    return settings


def _servers(
    document: Mapping[object, object], key: str, address: EmailAddress
) -> tuple[ServerSettings, ...]:
    return tuple(
        _server(entry, f"{key}[{index}]", key, address)
        for index, entry in enumerate(_list(document, key))
    )


def _list(document: Mapping[object, object], key: str) -> list[object]:
    entries = document.get(key, [])
    if not isinstance(entries, list) or len(entries) > _MAX_SERVERS:
        raise _ContentError(key, "not a list of servers")
    return entries


def _server(entry: object, where: str, key: str, address: EmailAddress) -> ServerSettings:
    if not isinstance(entry, Mapping):
        raise _ContentError(where, "not an object")
    protocol = _word(entry, "protocol", Protocol, where)
    if (protocol is Protocol.SMTP) != (key == "outgoing"):
        raise _ContentError(f"{where}.protocol", "on the wrong side")
    return ServerSettings(
        protocol=protocol,
        host=_host(entry, where),
        port=_port(entry, where),
        security=_word(entry, "security", SocketType, where),
        username=_username(entry, where, address),
        authentication=_authentication(entry, where),
    )


def _service(entry: object, where: str, address: EmailAddress) -> Service:
    if not isinstance(entry, Mapping):
        raise _ContentError(where, "not an object")
    kind = _word(entry, "protocol", ServiceKind, where)
    username = _username(entry, where, address)
    authentication = _authentication(entry, where)
    if "url" in entry:
        url = https_url(entry["url"])
        if not url:
            raise _ContentError(f"{where}.url", "not an https address")
        return Service(kind, username, url=url, authentication=authentication)
    return Service(
        kind,
        username,
        host=_host(entry, where),
        port=_port(entry, where),
        security=_word(entry, "security", SocketType, where),
        authentication=authentication,
    )


def _oauth2(entry: object) -> OAuth2Endpoints:
    if not isinstance(entry, Mapping):
        raise _ContentError("oauth2", "not an object")
    scope = entry.get("scope", [])
    if not isinstance(scope, list) or not all(isinstance(word, str) for word in scope):
        raise _ContentError("oauth2.scope", "not a list of words")
    client_id = entry.get("client_id", "")
    return OAuth2Endpoints(
        issuer=https_url(entry.get("issuer")),
        auth_url=https_url(entry.get("auth_url")),
        token_url=https_url(entry.get("token_url")),
        scope=tuple(plain(word, 200) for word in scope),
        client_id=plain(client_id, 200) if isinstance(client_id, str) else "",
    )


def _host(entry: Mapping[object, object], where: str) -> str:
    text = entry.get("host")
    host = parse_host(text, typed=True) if isinstance(text, str) else None
    if host is None:
        raise _ContentError(f"{where}.host", "not a host name")
    return host


def _port(entry: Mapping[object, object], where: str) -> int:
    port = parse_port(entry.get("port"))
    if port is None:
        raise _ContentError(f"{where}.port", "not a port from 1 to 65535")
    return port


def _username(entry: Mapping[object, object], where: str, address: EmailAddress) -> str:
    username = entry.get("username", address.ascii)
    if not isinstance(username, str) or not username or len(username) > MAX_USERNAME:
        raise _ContentError(f"{where}.username", "not a user name")
    if has_control(username):
        raise _ContentError(f"{where}.username", "it holds control characters")
    return username


def _authentication(entry: Mapping[object, object], where: str) -> tuple[Authentication, ...]:
    kinds = entry.get("authentication", [str(Authentication.PASSWORD_CLEARTEXT)])
    if not isinstance(kinds, list) or not kinds:
        raise _ContentError(f"{where}.authentication", "not a list")
    return tuple(
        _word({"authentication": kind}, "authentication", Authentication, where) for kind in kinds
    )


def _word(entry: Mapping[object, object], key: str, words: type[_Word], where: str) -> _Word:
    value = entry.get(key)
    for word in words:
        if value == word:
            return word
    allowed = ", ".join(words)
    raise _ContentError(f"{where}.{key}", f"must be one of {allowed}")
