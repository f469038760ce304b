"""Thunderbird: the account as preferences, and as a package for its own import.

The names and numbers of the preferences are those of Thunderbird's account manager (comm-central,
``mailnews/base``). A package for *Tools > Import* is a zip that contains only ``prefs.js``:
Thunderbird gives the account new keys and adds it to the existing ones.
"""

import base64
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from mailsetup.export.exporter import (
    Artifact,
    ArtifactFile,
    CopyValue,
    ExportFailure,
    InstructionStep,
    instructions,
)
from mailsetup.export.filename import stem
from mailsetup.export.validation import is_unsafe, validate
from mailsetup.formats.prefs_js import PrefValue, line
from mailsetup.i18n import _
from mailsetup.model.folders import NO_FOLDERS, Folders
from mailsetup.model.hostname import is_within
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType

SOCKET_TYPE: Final[Mapping[SocketType, int]] = {
    SocketType.NONE: 0,
    SocketType.STARTTLS: 2,
    SocketType.TLS: 3,
}
"""``nsMsgSocketType``; 1 ("try STARTTLS") no longer exists."""

AUTH_METHOD: Final[Mapping[Authentication, int]] = {
    Authentication.NONE: 1,
    Authentication.PASSWORD_CLEARTEXT: 3,
    Authentication.PASSWORD_ENCRYPTED: 4,
    Authentication.GSSAPI: 5,
    Authentication.NTLM: 6,
    Authentication.TLS_CLIENT_CERT: 7,
    Authentication.OAUTH2: 10,
}
"""``nsMsgAuthMethod``."""

OAUTH2_HOSTS = (
    "gmail.com",
    "googlemail.com",
    "imap.mail.ru",
    "smtp.mail.ru",
    "imap.yandex.com",
    "smtp.yandex.com",
    "yahoo.com",
    "att.net",
    "aol.com",
    "office365.com",
    "outlook.com",
    "hotmail.com",
    "imap.fastmail.com",
    "pop.fastmail.com",
    "smtp.fastmail.com",
    "imap.comcast.net",
    "pop.comcast.net",
    "smtp.comcast.net",
    "thundermail.com",
)
"""Hosts, and domains of hosts, for which Thunderbird has an OAuth2 registration
(``OAuth2Providers``). It uses OAuth2 nowhere else."""

FOLDER_MODES: Final[Mapping[str, str]] = {
    "fcc_folder": "fcc_folder_picker_mode",
    "draft_folder": "drafts_folder_picker_mode",
    "stationery_folder": "tmpl_folder_picker_mode",
    "archive_folder": "archives_folder_picker_mode",
}
"""An identity's folders, and the preferences for whether the user chose them."""
CHOSEN = "1"
"""A folder that the user chose, rather than the one with Thunderbird's own name."""

_MAX_FOLDER = 500
# The earliest time of a zip entry: the same account gives the same bytes.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the account's preferences; in an existing profile they must be unused."""

    account: str = "account1"
    server: str = "server1"
    identity: str = "id1"
    smtp: str = "smtp1"


FIRST_KEYS: Final = Keys()
"""The keys in a profile with one account."""

Prefs = dict[str, PrefValue]
"""Names and values of preferences."""


def prefs(account: Account, keys: Keys = FIRST_KEYS) -> Prefs | ExportFailure:
    """The account as preferences with these keys, without the lists that name the keys."""
    failure = validate(account)
    if failure is not None:
        return failure
    incoming_auth = auth_method(account.incoming)
    outgoing_auth = auth_method(account.outgoing)
    if incoming_auth is None:
        return _no_way_to_sign_in(account.incoming)
    if outgoing_auth is None:
        return _no_way_to_sign_in(account.outgoing)
    return {
        f"mail.account.{keys.account}.server": keys.server,
        f"mail.account.{keys.account}.identities": keys.identity,
        **_incoming(account, keys.server, incoming_auth),
        **_identity(account, keys),
        **_outgoing(account, keys.smtp, outgoing_auth),
    }


def _incoming(account: Account, key: str, auth: int) -> Prefs:
    base, server = f"mail.server.{key}", account.incoming
    values: Prefs = {
        f"{base}.type": str(server.protocol),
        f"{base}.hostname": server.host,
        f"{base}.port": server.port,
        f"{base}.socketType": SOCKET_TYPE[server.security],
        f"{base}.authMethod": auth,
        f"{base}.userName": server.username,
        f"{base}.name": str(account.address),
        f"{base}.login_at_startup": True,
        f"{base}.check_new_mail": True,
    }
    if server.protocol is Protocol.POP3:
        # Without this Thunderbird deletes messages from the server after fetching them.
        values |= {f"{base}.leave_on_server": True, f"{base}.download_on_biff": True}
    return values


def _identity(account: Account, keys: Keys) -> Prefs:
    base = f"mail.identity.{keys.identity}"
    return {
        f"{base}.fullName": account.person,
        f"{base}.useremail": account.address.ascii,
        f"{base}.smtpServer": keys.smtp,
        f"{base}.reply_on_top": 1,
        f"{base}.valid": True,
    }


def _outgoing(account: Account, key: str, auth: int) -> Prefs:
    base, server = f"mail.smtpserver.{key}", account.outgoing
    values: Prefs = {
        f"{base}.type": "smtp",
        f"{base}.hostname": server.host,
        f"{base}.port": server.port,
        f"{base}.try_ssl": SOCKET_TYPE[server.security],
        f"{base}.authMethod": auth,
        f"{base}.description": str(account.address),
    }
    if auth != AUTH_METHOD[Authentication.NONE]:
        values[f"{base}.username"] = server.username
    return values


def server_uri(protocol: Protocol, host: str, username: str) -> str:
    """The URI of an incoming server in the names of folders."""
    scheme = "mailbox" if protocol is Protocol.POP3 else "imap"
    # nsINetUtil's ESCAPE_XALPHAS, which does not escape the asterisk but the tilde.
    user = quote(username, safe="*").replace("~", "%7E")
    return f"{scheme}://{user}@{host}"


def folder_prefs(account: Account, keys: Keys, folders: Folders) -> Prefs:
    """The folders for sent mail, drafts and so on.

    Nothing for POP3, which has no folders, and nothing for names with unprintable characters.
    """
    if account.incoming.protocol is not Protocol.IMAP:
        return {}
    root = server_uri(Protocol.IMAP, account.incoming.host, account.incoming.username)
    names = (getattr(folders, name) for name in Folders.__slots__)
    if any(is_unsafe(name) or len(name) > _MAX_FOLDER for name in names):
        return {}
    identity, server = f"mail.identity.{keys.identity}", f"mail.server.{keys.server}"

    def uri(name: str) -> str:
        # Unlike the user, folders are written as in IMAP, without escapes.
        return f"{root}/{utf7(name)}"

    found: Prefs = {}
    for name, folder in (
        (folders.sent, "fcc_folder"),
        (folders.drafts, "draft_folder"),
        (folders.templates, "stationery_folder"),
        (folders.archive, "archive_folder"),
    ):
        if name:
            found[f"{identity}.{folder}"] = uri(name)
            found[f"{identity}.{FOLDER_MODES[folder]}"] = CHOSEN
    # Thunderbird 153 ignores a name with other letters and makes a folder "Trash" instead.
    if folders.trash.isascii() and folders.trash:
        found[f"{server}.trash_folder_name"] = folders.trash
    if folders.junk:
        found[f"{server}.spamActionTargetFolder"] = uri(folders.junk)
        found[f"{server}.moveTargetMode"] = 1
    return found


def utf7(name: str) -> str:
    """A folder's name in IMAP's modified UTF-7 (RFC 3501, section 5.1.3)."""
    pieces, foreign = [], ""
    for char in f"{name}\0":
        if " " <= char <= "~" or char == "\0":
            if foreign:
                coded = base64.b64encode(foreign.encode("utf-16-be")).decode()
                pieces.append("&" + coded.rstrip("=").replace("/", ",") + "-")
                foreign = ""
            pieces.append("&-" if char == "&" else char)
        else:
            foreign += char
    return "".join(pieces)[:-1]


def prefs_js(account: Account, folders: Folders | None = None) -> bytes | ExportFailure:
    """``prefs.js`` of a profile with only this account."""
    own = prefs(account)
    if isinstance(own, ExportFailure):
        return own
    lists: Prefs = {
        "mail.accountmanager.accounts": FIRST_KEYS.account,
        "mail.accountmanager.defaultaccount": FIRST_KEYS.account,
        "mail.smtpservers": FIRST_KEYS.smtp,
        "mail.smtp.defaultserver": FIRST_KEYS.smtp,
    }
    values = lists | own | folder_prefs(account, FIRST_KEYS, folders or NO_FOLDERS)
    lines = [line(name, value) for name, value in values.items()]
    return ("\n".join(lines) + "\n").encode()


def notes(account: Account) -> tuple[str, ...]:
    """What the user should know about Thunderbird and this account."""
    found = []
    if not account.outgoing.username.isascii():
        found.append(
            _(
                "Thunderbird sends user names with accents or other special letters wrongly to the"
                " outgoing server. Ask the hosting for a user name without them."
            )
        )
    if account.incoming.protocol is Protocol.POP3:
        found.append(_("Messages stay on the server after Thunderbird has fetched them."))
    return tuple(found)


def auth_method(server: ServerSettings) -> int | None:
    """The number of the first authentication method that Thunderbird supports there, or None."""
    for kind in server.authentication:
        if kind is not Authentication.OAUTH2 or _signs_in_by_oauth2(server.host):
            return AUTH_METHOD[kind]
    return None


def _no_way_to_sign_in(server: ServerSettings) -> ExportFailure:
    return ExportFailure(
        _(
            "Thunderbird cannot sign in at {host}: it has no registration there, and the"
            " server takes no password."
        ).format(host=server.host)
    )


def auth_methods(server: ServerSettings) -> frozenset[int]:
    """The numbers of all authentication methods that work there."""
    return frozenset(
        AUTH_METHOD[kind]
        for kind in server.authentication
        if kind is not Authentication.OAUTH2 or _signs_in_by_oauth2(server.host)
    )


def _signs_in_by_oauth2(host: str) -> bool:
    return any(is_within(host, known) for known in OAUTH2_HOSTS)


class Thunderbird:
    """Thunderbird on a computer."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """A package for Thunderbird's own import, which adds the account to the existing ones."""
        content = prefs_js(account)
        if isinstance(content, ExportFailure):
            return content
        package = ArtifactFile(
            name=f"thunderbird-{stem(account.address)}.zip",
            content=_zip("prefs.js", content),
            media_type="application/zip",
            private=True,
        )
        steps = instructions(
            _("Open Thunderbird."),
            _("In the menu (☰) choose Tools, then Import."),
            _("Choose “Import from a file”, Continue, “Import Backed-up Profile”, Continue."),
            InstructionStep(
                _("Choose “Choose a ZIP file” and open {name}.").format(name=package.name),
                (CopyValue(_("File"), package.name),),
            ),
            _("Leave “Accounts and Settings” ticked, press Continue and then Start Import."),
            _("Restart Thunderbird. It asks for the password once; let it remember it."),
        )
        return Artifact(files=(package,), steps=steps, notes=notes(account))


def _zip(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
        entry.create_system = 3  # the same on every system
        entry.external_attr = 0o600 << 16
        package.writestr(entry, content)
    return buffer.getvalue()
