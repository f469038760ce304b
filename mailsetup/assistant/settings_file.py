"""A settings file of the user: for one person, or for many whose user names it is adapted to."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from mailsetup.assistant.account_choice import settings_discovery
from mailsetup.discovery.trust import is_own_host
from mailsetup.files.user_file import FileFailure, FileFault, read_given_file
from mailsetup.i18n import _
from mailsetup.model.address import AddressFailure, EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.settings import AccountSettings, ServerSettings
from mailsetup.model.settings_json import SettingsFailure, settings_from_json
from mailsetup.model.text import plain
from mailsetup.net.public_suffix import owned_domain

MAX_FILE = 1024 * 1024
"""Bytes: more than any list of servers or certificate authorities needs."""


@dataclass(frozen=True, slots=True)
class SettingsFileFailure:
    """Why a settings file cannot be used: a stable id, and a sentence."""

    id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SharedSettings:
    """A settings document as ``discover`` prints it, or the ``settings`` in it alone.

    User names that are made from the address in the document are adapted to others; a
    placeholder (``%EMAILADDRESS%``, ``%EMAILLOCALPART%``, ``%EMAILDOMAIN%``) is filled in, and a
    missing user name is the address.
    """

    path: Path
    document: object
    sha256: str

    @property
    def owner(self) -> EmailAddress | None:
        """The address that the document was made for; None where it names none."""
        if isinstance(self.document, dict) and isinstance(self.document.get("address"), str):
            parsed = EmailAddress.parse(self.document["address"])
            return None if isinstance(parsed, AddressFailure) else parsed
        return None

    def settings_for(self, address: EmailAddress) -> AccountSettings | SettingsFailure:
        """The settings of this person."""
        settings = settings_from_json(self.document, address)
        if isinstance(settings, SettingsFailure):
            return settings
        owner = self.owner
        if owner is not None:
            settings = settings.with_login_of(owner, address)
        incoming, outgoing = (
            tuple(_filled(server, address) for server in side)
            for side in (settings.incoming, settings.outgoing)
        )
        if None in incoming or None in outgoing:
            return SettingsFailure("username", "a placeholder that is not known")
        return replace(
            settings,
            incoming=tuple(server for server in incoming if server),
            outgoing=tuple(server for server in outgoing if server),
        )


def read_shared_settings(
    path: Path, *, pipe_seconds: float = 0.0
) -> SharedSettings | SettingsFileFailure:
    """Read a settings file for all its people. ``pipe_seconds``: see `read_given_file`."""
    content = read_given_file(path, MAX_FILE, pipe_seconds=pipe_seconds)
    if isinstance(content, FileFailure):
        is_large = content.fault is FileFault.TOO_LARGE
        return SettingsFileFailure(
            f"settings.{'unusable' if is_large else 'unreadable'}", content.reason
        )
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        sentence = _("The settings file is not JSON: {path}").format(path=plain(str(path)))
        return SettingsFileFailure("settings.unusable", sentence)
    return SharedSettings(path, document, hashlib.sha256(content).hexdigest())


def read_settings_file(
    path: Path, address: EmailAddress, *, pipe_seconds: float = 0.0
) -> Discovery | SettingsFileFailure:
    """The settings of one person, as a discovery; user names stay as the file has them."""
    read = read_shared_settings(path, pipe_seconds=pipe_seconds)
    if isinstance(read, SettingsFileFailure):
        return read
    settings = settings_from_json(read.document, address)
    if isinstance(settings, SettingsFailure):
        return SettingsFileFailure("settings.unusable", unusable_sentence(settings))
    return settings_discovery(settings, str(path))


def open_settings_file(
    path: Path, address: EmailAddress, agreed: Collection[str] = ()
) -> Discovery | SettingsFileFailure:
    """The settings of one person from a file that was opened, perhaps from a message.

    The author of the file is unknown: servers that do not belong to the domain of the address need
    agreement (``agreed`` are domains that have it), services elsewhere and the place of a sign-in
    are left out. User names are adapted to the address.
    """
    read = read_shared_settings(path)
    if isinstance(read, SettingsFileFailure):
        return read
    settings = read.settings_for(address)
    if isinstance(settings, SettingsFailure):
        return SettingsFileFailure("settings.unusable", unusable_sentence(settings))
    foreign = [host for host in settings.hosts if not is_own_host(host, address.domain)]
    confirm = tuple(
        dict.fromkeys(domain for domain in map(owned_domain, foreign) if domain not in agreed)
    )
    own = tuple(one for one in settings.services if is_own_host(one.place, address.domain))
    found = settings_discovery(replace(settings, services=own, oauth2=None), str(path))
    outcome = DiscoveryStatus.NEEDS_CONFIRMATION if confirm else found.outcome
    return replace(found, outcome=outcome, confirm=confirm)


def unusable_sentence(failure: SettingsFailure) -> str:
    """Why the settings in a file cannot be used, and where in it."""
    return _("The settings file cannot be used. {where}: {problem}.").format(
        where=failure.where, problem=failure.problem
    )


def _filled(server: ServerSettings, address: EmailAddress) -> ServerSettings | None:
    if "%" not in server.username:
        return server
    username = address.fill(server.username)
    # A percent sign may also be a hosting's way of writing the @.
    if username is None:
        return server if server.username.count("%") == 1 else None
    return replace(server, username=username)
