"""The changes that correct an existing account of a profile. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailsetup.apply.thunderbird.known_accounts import (
    DEFAULT_SMTP,
    SMTP_SERVERS,
    KnownAccount,
    PrefsServer,
    addresses_of,
    known_accounts,
    same_host,
    sends_right,
)
from mailsetup.export.exporter import ExportFailure
from mailsetup.export.programs.thunderbird import (
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
from mailsetup.model.folders import Folders
from mailsetup.model.settings import Account, ServerSettings
from mailsetup.model.text import plain


@dataclass(frozen=True, slots=True)
class MergePlan:
    """The preferences to write; none when the account is there and right."""

    values: Mapping[str, PrefValue] = field(default_factory=dict)
    added: bool = False
    """Whether an account is added."""
    prefixes: tuple[str, ...] = ()
    """Prefixes of the preferences that only this change makes."""
    listed: Mapping[str, str] = field(default_factory=dict)
    corrected: tuple[str, ...] = ()
    """What is corrected in an existing account, as sentences."""
    notes: tuple[str, ...] = ()


def repaired(
    content: PrefsFile, found: KnownAccount, account: Account, folders: Folders, keys: Keys
) -> MergePlan | ExportFailure:
    """The corrections of the account ``found``; ``keys`` are free keys for missing parts."""
    own = prefs(account)
    if isinstance(own, ExportFailure):
        return own
    repair = _Repair(content, found, account, keys, own)
    repair.correct_incoming()
    repair.correct_identity()
    repair.correct_sending()
    repair.set_folders(folders)
    return repair.plan()


@dataclass(slots=True)
class _Repair:
    """Collects the changes to one account."""

    content: PrefsFile
    found: KnownAccount
    account: Account
    keys: Keys
    wanted: Mapping[str, PrefValue]
    """The preferences of a new profile with this account."""
    values: dict[str, PrefValue] = field(default_factory=dict)
    prefixes: list[str] = field(default_factory=list)
    listed: dict[str, str] = field(default_factory=dict)
    corrected: list[str] = field(default_factory=list)
    identity: str = ""
    """The key of the identity; set by `correct_identity`."""
    notes: tuple[str, ...] = ()

    def correct_incoming(self) -> None:
        """Host, port, encryption and user name, and the sign-in where it cannot work."""
        server, incoming = f"mail.server.{self.found.server}", self.account.incoming
        before = PrefsServer.read(self.content, server, "socketType", "userName")
        if before.is_right(incoming):
            return
        for part in ("hostname", "port", "socketType", "userName"):
            self.values[f"{server}.{part}"] = self.wanted[f"mail.server.server1.{part}"]
        if before.auth not in auth_methods(incoming):
            self.values[f"{server}.authMethod"] = self.wanted["mail.server.server1.authMethod"]
        self.corrected.append(_changed_sentence(_("Receiving"), before, incoming))
        self.values |= _moved_uris(self.content, before, incoming)

    def correct_identity(self) -> None:
        """Choose the identity of the address (else the first one), or make one."""
        found, content = self.found, self.content
        senders = {key: content.text(f"mail.identity.{key}.useremail") for key in found.identities}
        own = [key for key, sender in senders.items() if self._is_own(sender)]
        usable = [key for key, sender in senders.items() if sender or key in own]
        if usable:
            self.identity = (own or usable)[0]
            if not own:
                text = _("In Thunderbird this account sends as {address}. That was left as it is.")
                sender = senders[self.identity]
                self.notes = (text.format(address=plain(sender, 120)),)
            return
        self.identity = self.keys.identity
        base = f"mail.identity.{self.identity}"
        self.prefixes.append(f"{base}.")
        identities = ",".join((*found.identities, self.identity))
        self.values[f"mail.account.{found.account}.identities"] = identities
        for part in ("fullName", "useremail", "reply_on_top", "valid"):
            self.values[f"{base}.{part}"] = self.wanted[f"mail.identity.id1.{part}"]
        text = _("The account had no sender; it now sends as {address}.")
        self.corrected.append(text.format(address=self.account.address))

    def _is_own(self, sender: str) -> bool:
        return sender.casefold() in addresses_of(self.account)

    def correct_sending(self) -> None:
        """Use the right outgoing server: the present one, another that is there, or a new one."""
        content, account = self.content, self.account
        named = content.text(f"mail.identity.{self.identity}.smtpServer")
        servers, default = content.words(SMTP_SERVERS), content.text(DEFAULT_SMTP)
        used = named if named in servers else (default if default in servers and not named else "")
        if used and sends_right(content, used, account):
            if self.identity == self.keys.identity:
                self.values[f"mail.identity.{self.identity}.smtpServer"] = used
            return
        right = next((key for key in servers if sends_right(content, key, account)), None)
        if right is not None:
            self.values[f"mail.identity.{self.identity}.smtpServer"] = right
            text = _("Sending: this account now uses the server {host} that was there.")
            self.corrected.append(text.format(host=account.outgoing.host))
        elif used and used == named and self._may_change(used):
            self._correct_outgoing(used)
        else:
            self._add_outgoing(servers, default)

    def _correct_outgoing(self, key: str) -> None:
        base, outgoing = f"mail.smtpserver.{key}", self.account.outgoing
        before = PrefsServer.read(self.content, base, "try_ssl", "username")
        for part in ("hostname", "port", "try_ssl", "username"):
            if f"mail.smtpserver.smtp1.{part}" in self.wanted:
                self.values[f"{base}.{part}"] = self.wanted[f"mail.smtpserver.smtp1.{part}"]
        if before.auth not in auth_methods(outgoing):
            self.values[f"{base}.authMethod"] = self.wanted["mail.smtpserver.smtp1.authMethod"]
        self.corrected.append(_changed_sentence(_("Sending"), before, outgoing))

    def _add_outgoing(self, servers: tuple[str, ...], default: str) -> None:
        new = self.keys.smtp
        self.prefixes.append(f"mail.smtpserver.{new}.")
        self.listed[SMTP_SERVERS] = new
        for name, value in self.wanted.items():
            if name.startswith("mail.smtpserver.smtp1."):
                self.values[name.replace("smtp1", new, 1)] = value
        self.values[SMTP_SERVERS] = ",".join((*servers, new))
        self.values[f"mail.identity.{self.identity}.smtpServer"] = new
        if default not in servers:
            self.values[DEFAULT_SMTP] = new
        text = _("Sending: the server {host} was missing and is added.")
        self.corrected.append(text.format(host=self.account.outgoing.host))

    def _may_change(self, key: str) -> bool:
        """Whether an outgoing server is this account's alone, and meant to be the wanted one."""
        content, outgoing = self.content, self.account.outgoing
        base = f"mail.smtpserver.{key}"
        if content.text(f"{base}.type") not in ("", "smtp"):
            return False
        server = PrefsServer.read(content, base, "try_ssl", "username")
        if not (same_host(server.host, outgoing.host) or server.user == outgoing.username):
            return False
        is_default = content.text(DEFAULT_SMTP) == key
        for known in known_accounts(content):
            for identity in known.identities:
                if identity in self.found.identities:
                    continue
                named = content.text(f"mail.identity.{identity}.smtpServer")
                if named == key or (is_default and not named):
                    return False
        return True

    def set_folders(self, folders: Folders) -> None:
        """Set the folders for sent mail and others that the user has not chosen."""
        placed = Keys(self.found.account, self.found.server, self.identity, self.keys.smtp)
        chosen = _chosen_folders(self.content, self.identity, self.found.server)
        moved = {
            name: value
            for name, value in folder_prefs(self.account, placed, folders).items()
            if self.content.get(name) != value and name not in chosen
        }
        if moved:
            self.values |= moved
            self.corrected.append(_("The folders for sent mail and drafts are set."))

    def plan(self) -> MergePlan:
        """The collected changes, without those that change nothing."""
        content = self.content
        return MergePlan(
            values={
                name: value for name, value in self.values.items() if content.get(name) != value
            },
            prefixes=tuple(self.prefixes),
            listed=self.listed,
            corrected=tuple(self.corrected),
            notes=self.notes,
        )


def _chosen_folders(content: PrefsFile, identity: str, server: str) -> frozenset[str]:
    """The preferences about folders that the user has chosen."""
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


def _changed_sentence(what: str, before: PrefsServer, after: ServerSettings) -> str:
    now = PrefsServer(
        after.host, after.port, SOCKET_TYPE[after.security], before.auth, after.username
    )
    if str(before) == str(now):
        return _("{what}: the way to sign in at {host} is corrected.").format(
            what=what, host=after.host
        )
    return _("{what}: {before} became {after}.").format(what=what, before=before, after=now)


def _moved_uris(
    content: PrefsFile, before: PrefsServer, after: ServerSettings
) -> dict[str, PrefValue]:
    """The preferences that name folders, with the new server and user in their URIs."""
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
