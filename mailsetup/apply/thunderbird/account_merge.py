"""What has to change in a profile's preferences so that an account works in it. Pure.

An account that is there is recognised by type, host and user, or by the address of its first
identity where at least host or user fits; everything else in the profile belongs to somebody else
and is not touched.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from mailsetup.export.exporter import ExportFailure
from mailsetup.export.programs.thunderbird import (
    AUTH_METHOD,
    CHOSEN,
    FOLDER_MODES,
    SOCKET_TYPE,
    Keys,
    auth_methods,
    folder_prefs,
    prefs,
    server_uri,
)
from mailsetup.formats.prefs_js import PrefsFile, PrefValue
from mailsetup.i18n import _
from mailsetup.model.folders import NO_FOLDERS, Folders
from mailsetup.model.settings import Account, Authentication, ServerSettings, SocketType
from mailsetup.model.text import plain

ACCOUNTS = "mail.accountmanager.accounts"
DEFAULT_ACCOUNT = "mail.accountmanager.defaultaccount"
LAST_KEY = "mail.account.lastKey"
SMTP_SERVERS = "mail.smtpservers"
DEFAULT_SMTP = "mail.smtp.defaultserver"

# What stands before is not looked at: beginning with plain letters they are fast, and a number that
# is taken for used although it only follows such letters somewhere is no loss.
_KEYS: Final[Mapping[str, re.Pattern[bytes]]] = {
    kind: re.compile(kind.encode() + rb"([1-9]\d{0,8})(?!\d)")
    for kind in ("account", "server", "id", "smtp")
}
_TLS = SOCKET_TYPE[SocketType.TLS]
_PASSWORD = AUTH_METHOD[Authentication.PASSWORD_CLEARTEXT]
_STANDARD: Final[Mapping[str, tuple[int, int]]] = {
    "imap": (143, 993),
    "pop3": (110, 995),
    "smtp": (587, 465),
}
# When Thunderbird looks for mail: a person may fix that in user.js.
_HABITS = (".login_at_startup", ".check_new_mail", ".download_on_biff")
_SOCKET_NAMES: Final[Mapping[int, str]] = {0: "", 1: "STARTTLS", 2: "STARTTLS", 3: "TLS"}


class ExistingAccounts(Enum):
    """What to do with an account that is in the profile already."""

    REPAIR = "repair"
    """Correct what is wrong with it."""
    ADD = "add"
    """Leave it and add another one."""


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What to write. Nothing at all when the account is there and right."""

    values: Mapping[str, PrefValue] = field(default_factory=dict)
    added: bool = False
    """Whether there will be one account more."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of preferences that nobody had before."""
    listed: Mapping[str, str] = field(default_factory=dict)
    corrected: tuple[str, ...] = ()
    """What is put right in an account that is there: sentences."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """An account of the profile."""

    account: str
    server: str
    identities: tuple[str, ...]


def plan(
    content: PrefsFile,
    account: Account,
    *,
    existing: ExistingAccounts = ExistingAccounts.REPAIR,
    folders: Folders | None = None,
    user_js: PrefsFile | None = None,
) -> MergePlan | ExportFailure:
    """What a profile with these preferences needs; ``user_js`` is the file that overrides them."""
    own = prefs(account)
    if isinstance(own, ExportFailure):
        return own
    user_js = user_js or PrefsFile(b"")
    made = _plan(content, account, existing, folders or NO_FOLDERS, user_js)
    if isinstance(made, ExportFailure):
        return made
    for name, value in made.values.items():
        if name in user_js and user_js.get(name) != value and not name.endswith(_HABITS):
            return ExportFailure(
                _(
                    "The file user.js in this profile sets {name} at every start, and would undo"
                    " what is set up. Remove that line, or use a new profile."
                ).format(name=name)
            )
    return made


def _plan(
    content: PrefsFile,
    account: Account,
    existing: ExistingAccounts,
    folders: Folders,
    user_js: PrefsFile,
) -> MergePlan | ExportFailure:
    known = tuple(_accounts(content))
    equal = next((one for one in known if _is_equal(content, one, account)), None)
    if existing is ExistingAccounts.ADD:
        if equal is not None:
            # Thunderbird finds servers by type, host and user: of two equal ones it uses one.
            return ExportFailure(
                _("This account is in the profile already. It can be repaired, not added again.")
            )
        return _added(content, account, folders, user_js)
    found = equal or next((one for one in known if _is_likely(content, one, account)), None)
    if found is None:
        return _added(content, account, folders, user_js)
    return _repaired(content, found, account, folders, user_js)


def free_keys(content: PrefsFile, user_js: PrefsFile) -> Keys:
    """The lowest numbers that occur nowhere in the preferences."""
    texts = (content.content, user_js.content)

    def lowest(kind: str) -> str:
        numbers = {int(found) for text in texts for found in set(_KEYS[kind].findall(text))}
        free = next(number for number in range(1, len(numbers) + 2) if number not in numbers)
        return f"{kind}{free}"

    return Keys(
        account=lowest("account"),
        server=lowest("server"),
        identity=lowest("id"),
        smtp=lowest("smtp"),
    )


# Adding -----------------------------------------------------------------------------------------


def _added(
    content: PrefsFile, account: Account, folders: Folders, user_js: PrefsFile
) -> MergePlan | ExportFailure:
    keys = free_keys(content, user_js)
    shared = next(
        (key for key in content.words(SMTP_SERVERS) if _sends_right(content, key, account)), None
    )
    own = prefs(account, keys)
    if isinstance(own, ExportFailure):
        return own
    values = {pref.name: pref.value for pref in own}
    prefixes = [
        f"mail.account.{keys.account}.",
        f"mail.server.{keys.server}.",
        f"mail.identity.{keys.identity}.",
    ]
    listed = {ACCOUNTS: keys.account}
    if shared is None:
        prefixes.append(f"mail.smtpserver.{keys.smtp}.")
        listed[SMTP_SERVERS] = keys.smtp
    else:
        values = {
            name: value
            for name, value in values.items()
            if not name.startswith(f"mail.smtpserver.{keys.smtp}.")
        }
        values[f"mail.identity.{keys.identity}.smtpServer"] = shared
    values |= {pref.name: pref.value for pref in folder_prefs(account, keys, folders)}
    for name, key in listed.items():
        values[name] = ",".join((*content.words(name), key))
    if not _has_default_account(content):
        values[DEFAULT_ACCOUNT] = keys.account
    smtp_default = content.text(DEFAULT_SMTP)
    if smtp_default not in content.words(SMTP_SERVERS):
        values[DEFAULT_SMTP] = shared or keys.smtp
    # Thunderbird's next account takes the number behind this one, whether it is free or not.
    last = content.number(LAST_KEY)
    number = int(keys.account.removeprefix("account"))
    if last is not None and last < number:
        values[LAST_KEY] = number
    return MergePlan(values=values, added=True, prefixes=tuple(prefixes), listed=listed)


def _has_default_account(content: PrefsFile) -> bool:
    default = content.text(DEFAULT_ACCOUNT)
    if default not in content.words(ACCOUNTS):
        return False
    server = content.text(f"mail.account.{default}.server")
    return content.text(f"mail.server.{server}.type") not in ("", "none", "rss")


# Recognising ------------------------------------------------------------------------------------


def _accounts(content: PrefsFile) -> Iterator[_Known]:
    for key in content.words(ACCOUNTS):
        server = content.text(f"mail.account.{key}.server")
        if server:
            yield _Known(key, server, content.words(f"mail.account.{key}.identities"))


def _is_equal(content: PrefsFile, known: _Known, account: Account) -> bool:
    base = f"mail.server.{known.server}"
    return (
        content.text(f"{base}.type") == account.incoming.protocol
        and _same_host(content.text(f"{base}.hostname"), account.incoming.host)
        and content.text(f"{base}.userName") == account.incoming.username
    )


def _is_likely(content: PrefsFile, known: _Known, account: Account) -> bool:
    """Whether it is the same mailbox with a wrong host or a wrong user name.

    The address alone proves nothing: other mailboxes send under it, too.
    """
    base = f"mail.server.{known.server}"
    if content.text(f"{base}.type") != account.incoming.protocol or not known.identities:
        return False
    address = content.text(f"mail.identity.{known.identities[0]}.useremail")
    if address.casefold() not in _addresses(account):
        return False
    user = content.text(f"{base}.userName")
    names = {account.incoming.username, account.address.local, *_addresses(account)}
    return user in names or _same_host(content.text(f"{base}.hostname"), account.incoming.host)


def _addresses(account: Account) -> frozenset[str]:
    return frozenset({account.address.ascii.casefold(), str(account.address).casefold()})


def _same_host(one: str, other: str) -> bool:
    return one.rstrip(".").casefold() == other.rstrip(".").casefold()


# Repairing --------------------------------------------------------------------------------------


def _repaired(
    content: PrefsFile, found: _Known, account: Account, folders: Folders, user_js: PrefsFile
) -> MergePlan | ExportFailure:
    own = prefs(account)
    if isinstance(own, ExportFailure):
        return own
    keys = free_keys(content, user_js)
    wanted = {pref.name: pref.value for pref in own}
    values: dict[str, PrefValue] = {}
    prefixes: list[str] = []
    listed: dict[str, str] = {}
    corrected: list[str] = []

    server = f"mail.server.{found.server}"
    before = _Server.read(content, server, "socketType", "userName")
    if not before.is_right(account.incoming):
        for part in ("hostname", "port", "socketType", "userName"):
            values[f"{server}.{part}"] = wanted[f"mail.server.server1.{part}"]
        if before.auth not in auth_methods(account.incoming):
            values[f"{server}.authMethod"] = wanted["mail.server.server1.authMethod"]
        corrected.append(_changed_sentence(_("Receiving"), before, account.incoming))
        values |= _moved_uris(content, before, account.incoming)

    identity, made = _identity(content, found, account, keys)
    if made:
        prefixes.append(f"mail.identity.{identity}.")
        values[f"mail.account.{found.account}.identities"] = ",".join((*found.identities, identity))
        for part in ("fullName", "useremail", "reply_on_top", "valid"):
            values[f"mail.identity.{identity}.{part}"] = wanted[f"mail.identity.id1.{part}"]
        corrected.append(
            _("The account had no sender; it now sends as {address}.").format(
                address=account.address
            )
        )

    sending = _Sending(found, identity, keys, account)
    _repair_sending(content, sending, wanted, values, prefixes, listed, corrected)
    placed = Keys(found.account, found.server, identity, keys.smtp)
    moved = {
        pref.name: pref.value
        for pref in folder_prefs(account, placed, folders)
        if content.get(pref.name) != pref.value
        and pref.name not in _chosen_folders(content, identity, found.server)
    }
    if moved:
        values |= moved
        corrected.append(_("The folders for sent mail and drafts are set."))
    values = {name: value for name, value in values.items() if content.get(name) != value}
    return MergePlan(
        values=values,
        prefixes=tuple(prefixes),
        listed=listed,
        corrected=tuple(corrected),
        notes=_other_sender(content, identity, account) if not made else (),
    )


def _chosen_folders(content: PrefsFile, identity: str, server: str) -> frozenset[str]:
    """The preferences about folders that the person has set: what they chose stays."""
    names: list[str] = []
    base = f"mail.identity.{identity}"
    for folder, mode in FOLDER_MODES.items():
        if content.text(f"{base}.{mode}") == CHOSEN:
            names += [f"{base}.{folder}", f"{base}.{mode}"]
    base = f"mail.server.{server}"
    if content.text(f"{base}.trash_folder_name") not in ("", "Trash"):
        names.append(f"{base}.trash_folder_name")
    if content.number(f"{base}.moveTargetMode") == 1:
        names += [f"{base}.moveTargetMode", f"{base}.spamActionTargetFolder"]
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class _Sending:
    """Whose outgoing server is looked at."""

    found: _Known
    identity: str
    keys: Keys
    account: Account


@dataclass(frozen=True, slots=True)
class _Server:
    """A server as the preferences have it, with Thunderbird's defaults filled in."""

    host: str
    port: int
    socket: int
    auth: int
    user: str

    @classmethod
    def read(cls, content: PrefsFile, base: str, socket_name: str, user_name: str) -> "_Server":
        kind = content.text(f"{base}.type") or "smtp"
        socket = content.number(f"{base}.{socket_name}") or 0
        port = content.number(f"{base}.port") or 0
        auth = content.number(f"{base}.authMethod")
        standard = _STANDARD.get(kind, (0, 0))[socket == _TLS]
        return cls(
            host=content.text(f"{base}.hostname"),
            port=port if port > 0 else standard,
            socket=socket,
            auth=_PASSWORD if auth is None else auth,
            user=content.text(f"{base}.{user_name}"),
        )

    def is_right(self, wanted: ServerSettings) -> bool:
        """Whether Thunderbird would sign in there as the working settings do."""
        allowed = auth_methods(wanted)
        return (
            _same_host(self.host, wanted.host)
            and self.port == wanted.port
            and self.socket == SOCKET_TYPE[wanted.security]
            and self.auth in allowed
            and (self.user == wanted.username or allowed == {AUTH_METHOD[Authentication.NONE]})
        )

    def __str__(self) -> str:
        return _shown(self.host, self.port, _SOCKET_NAMES.get(self.socket, ""), self.user)


def _shown(host: str, port: int, security: str, user: str) -> str:
    where = f"{plain(host, 80)}:{port} {security}".strip()
    return f"{where} ({plain(user, 80)})" if user else where


def _changed_sentence(what: str, before: _Server, after: ServerSettings) -> str:
    security = _SOCKET_NAMES[SOCKET_TYPE[after.security]]
    now = _shown(after.host, after.port, security, after.username)
    if str(before) == now:
        return _("{what}: the way to sign in at {host} is corrected.").format(
            what=what, host=after.host
        )
    return _("{what}: {before} became {after}.").format(what=what, before=before, after=now)


def _moved_uris(content: PrefsFile, before: _Server, after: ServerSettings) -> dict[str, PrefValue]:
    """Folders are named with server and user; where those change, the names follow."""
    old = server_uri(after.protocol, before.host, before.user)
    new = server_uri(after.protocol, after.host, after.username)
    moved: dict[str, PrefValue] = {}
    if old == new or not before.host:
        return moved
    for name in content:
        if not name.startswith(("mail.identity.", "mail.server.")):
            continue
        value = content.get(name)
        if isinstance(value, str) and (value == old or value.startswith(f"{old}/")):
            moved[name] = new + value[len(old) :]
    return moved


def _identity(content: PrefsFile, found: _Known, account: Account, keys: Keys) -> tuple[str, bool]:
    """The identity of this address (else the first one), and whether it has to be made."""
    for key in found.identities:
        address = content.text(f"mail.identity.{key}.useremail").casefold()
        if address in _addresses(account):
            return key, False
    usable = [key for key in found.identities if content.text(f"mail.identity.{key}.useremail")]
    return (usable[0], False) if usable else (keys.identity, True)


def _other_sender(content: PrefsFile, identity: str, account: Account) -> tuple[str, ...]:
    address = content.text(f"mail.identity.{identity}.useremail")
    if address.casefold() in _addresses(account):
        return ()
    return (
        _("In Thunderbird this account sends as {address}. That was left as it is.").format(
            address=plain(address, 120)
        ),
    )


def _repair_sending(
    content: PrefsFile,
    sending: _Sending,
    wanted: Mapping[str, PrefValue],
    values: dict[str, PrefValue],
    prefixes: list[str],
    listed: dict[str, str],
    corrected: list[str],
) -> None:
    account, identity = sending.account, sending.identity
    named = content.text(f"mail.identity.{identity}.smtpServer")
    servers = content.words(SMTP_SERVERS)
    default = content.text(DEFAULT_SMTP)
    used = named if named in servers else (default if default in servers and not named else "")
    if used and _sends_right(content, used, account):
        if identity == sending.keys.identity:
            values[f"mail.identity.{identity}.smtpServer"] = used
        return
    right = next((key for key in servers if _sends_right(content, key, account)), None)
    if right is not None:
        values[f"mail.identity.{identity}.smtpServer"] = right
        corrected.append(
            _("Sending: this account now uses the server {host} that was there.").format(
                host=account.outgoing.host
            )
        )
        return
    if used and used == named and _may_change(content, used, sending):
        base = f"mail.smtpserver.{used}"
        before = _Server.read(content, base, "try_ssl", "username")
        for part in ("hostname", "port", "try_ssl", "username"):
            if f"mail.smtpserver.smtp1.{part}" in wanted:
                values[f"{base}.{part}"] = wanted[f"mail.smtpserver.smtp1.{part}"]
        if before.auth not in auth_methods(account.outgoing):
            values[f"{base}.authMethod"] = wanted["mail.smtpserver.smtp1.authMethod"]
        corrected.append(_changed_sentence(_("Sending"), before, account.outgoing))
        return
    new = sending.keys.smtp
    prefixes.append(f"mail.smtpserver.{new}.")
    listed[SMTP_SERVERS] = new
    for name, value in wanted.items():
        if name.startswith("mail.smtpserver.smtp1."):
            values[name.replace("smtp1", new, 1)] = value
    values[SMTP_SERVERS] = ",".join((*servers, new))
    values[f"mail.identity.{identity}.smtpServer"] = new
    if default not in servers:
        values[DEFAULT_SMTP] = new
    corrected.append(
        _("Sending: the server {host} was missing and is added.").format(host=account.outgoing.host)
    )


def _sends_right(content: PrefsFile, key: str, account: Account) -> bool:
    base = f"mail.smtpserver.{key}"
    if content.text(f"{base}.type") not in ("", "smtp"):
        return False
    return _Server.read(content, base, "try_ssl", "username").is_right(account.outgoing)


def _may_change(content: PrefsFile, key: str, sending: _Sending) -> bool:
    """Whether an outgoing server is this account's alone, and meant to be the wanted one."""
    base = f"mail.smtpserver.{key}"
    if content.text(f"{base}.type") not in ("", "smtp"):
        return False
    server = _Server.read(content, base, "try_ssl", "username")
    outgoing = sending.account.outgoing
    if not (_same_host(server.host, outgoing.host) or server.user == outgoing.username):
        return False
    is_default = content.text(DEFAULT_SMTP) == key
    for known in _accounts(content):
        for identity in known.identities:
            if identity in sending.found.identities:
                continue
            named = content.text(f"mail.identity.{identity}.smtpServer")
            if named == key or (is_default and not named):
                return False
    return True
