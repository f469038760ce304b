"""The registered OAuth clients: those of this program, and those of a technician.

No other program's client id is used. This program's are in ``resources/oauth-clients.toml``, which
is empty in the source and filled when the program is built; a technician's are in a file of the
same format.

    [[client]]
    provider = "google"            # a built-in provider's id, or
    issuer = "https://id.company.com"
    client_id = "…"
    client_secret = "…"            # only where the provider requires one
    redirect = "http://localhost:8400/"   # only where the provider requires one redirect URI
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mailsetup.files.trusted_file import OwnershipFailure, read_own
from mailsetup.model.secret import Secret
from mailsetup.model.sign_in import Client, ClientsFailure
from mailsetup.model.text import has_control
from mailsetup.oauth.provider import OAuthProvider
from mailsetup.resources import read_text
from mailsetup.system.settings_folder import settings_folder

SETTINGS_FILE = "oauth.toml"
_MAX_FILE = 256 * 1024
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class ClientRegistration:
    """One entry: a client, and the provider (its id or its issuer) that it is registered with."""

    provider: str
    client: Client


def settings_path() -> Path:
    """The path of the technician's file of clients."""
    return settings_folder() / SETTINGS_FILE


def built_in_clients() -> tuple[ClientRegistration, ...]:
    """The clients of this build of the program."""
    found = _read(read_text("oauth-clients.toml"))
    if isinstance(found, str):
        raise TypeError(f"oauth-clients.toml: {found}")
    return found


def technician_clients(path: Path) -> tuple[ClientRegistration, ...] | ClientsFailure:
    """The clients in a technician's file; none where there is no file."""
    try:
        content = read_own(path, _MAX_FILE)
    except FileNotFoundError:
        return ()
    except OSError:
        return ClientsFailure(str(path), "")
    if isinstance(content, OwnershipFailure):
        return ClientsFailure(str(content.path), "", content.reason)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ClientsFailure(str(path), "")
    found = _read(text) if len(content) <= _MAX_FILE else ""
    if found == "":
        return ClientsFailure(str(path), "")
    return ClientsFailure(str(path), found) if isinstance(found, str) else found


def client_for(provider: OAuthProvider, known: tuple[ClientRegistration, ...]) -> Client | None:
    """The first client that is registered with this provider."""
    names = {provider.id, provider.issuer} - {""}
    return next((one.client for one in known if one.provider in names), None)


def _read(text: str) -> tuple[ClientRegistration, ...] | str:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return str(error)[:120]
    entries = document.get("client", [])
    if not isinstance(entries, list):
        return "client"
    found: list[ClientRegistration] = []
    for number, entry in enumerate(entries, 1):
        read = _registration(entry)
        if read is None:
            return f"client {number}"
        found.append(read)
    return tuple(found)


def _registration(entry: object) -> ClientRegistration | None:
    if not isinstance(entry, Mapping):
        return None
    fields: dict[str, str] = {}
    for key in ("provider", "issuer", "client_id", "client_secret", "redirect"):
        value = entry.get(key, "")
        if not isinstance(value, str) or has_control(value) or len(value) > 2000:
            return None
        fields[key] = value
    named = fields["provider"] or fields["issuer"]
    if not named or not fields["client_id"] or not _is_redirect(fields["redirect"]):
        return None
    secret = Secret(fields["client_secret"]) if fields["client_secret"] else None
    return ClientRegistration(named, Client(fields["client_id"], secret, fields["redirect"]))


def _is_redirect(text: str) -> bool:
    """Whether a redirect URI leads to this computer, with a port (RFC 8252 section 7.3)."""
    if not text:
        return True
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    bare = not (parts.query or parts.fragment or parts.username)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK and port is not None and bare
