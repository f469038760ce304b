"""Evolution: the account as the three key files of its registry of sources.

A mail account is three sources that refer to each other (``ESourceMailAccount``,
``ESourceMailIdentity``, ``ESourceMailTransport`` of evolution-data-server); a source's file is
named after its UID. Group and key names are those that the library itself writes. The UIDs are made
from the address: exporting again gives the same files, not a second account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailsetup.export.exporter import (
    Artifact,
    ArtifactFile,
    CopyValue,
    ExportFailure,
    InstructionStep,
    instructions,
)
from mailsetup.export.stable_id import stable_uuid
from mailsetup.export.validation import validate
from mailsetup.formats import keyfile
from mailsetup.i18n import _
from mailsetup.model.hostname import is_within
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType

FOLDER = "~/.config/evolution/sources"
FLATPAK_FOLDER = "~/.var/app/org.gnome.Evolution/config/evolution/sources"
SUFFIX = ".source"

_SECURITY: Final[Mapping[SocketType, str]] = {
    SocketType.TLS: "ssl-on-alternate-port",
    SocketType.STARTTLS: "starttls-on-standard-port",
}

# The names of Evolution's own OAuth2 registrations (EOAuth2Service), which are also the names of
# the authentication methods, and the hosts of each.
_OAUTH2: Final[Mapping[str, tuple[str, ...]]] = {
    "Google": ("gmail.com", "googlemail.com"),
    "Outlook": ("outlook.com",),
}
_OWN_LOGIN = "none"
_MICROSOFT_365 = ("office365.com",)


@dataclass(frozen=True, slots=True)
class Uids:
    """The names of the three sources."""

    account: str
    identity: str
    transport: str


@dataclass(frozen=True, slots=True)
class EvolutionSource:
    """One source: its UID and the content of its file."""

    uid: str
    groups: keyfile.Groups

    @property
    def file_name(self) -> str:
        """The file name that the registry expects."""
        return self.uid + SUFFIX


def uids(account: Account) -> Uids:
    """The UIDs for an address: always the same ones."""
    return Uids(
        *(
            stable_uuid(account.address, f"evolution-{kind}").hex
            for kind in ("account", "identity", "transport")
        )
    )


def sources(
    account: Account,
) -> tuple[EvolutionSource, EvolutionSource, EvolutionSource] | ExportFailure:
    """The account's sources; the one that makes it an account is last.

    Written in this order, an interrupted run leaves no incomplete account.
    """
    failure = validate(account)
    if failure is not None:
        return failure
    names = uids(account)
    incoming = _sign_in(account.incoming)
    outgoing = _sign_in(account.outgoing)
    if incoming is None:
        return _no_way_to_sign_in(account.incoming)
    if outgoing is None:
        return _no_way_to_sign_in(account.outgoing)
    return (
        _identity(account, names),
        _transport(account, names, outgoing),
        _main(account, names, incoming),
    )


def _is_pop3(account: Account) -> bool:
    return account.incoming.protocol is Protocol.POP3


def _identity(account: Account, names: Uids) -> EvolutionSource:
    submission = {"TransportUid": names.transport}
    if _is_pop3(account):
        submission["SentFolder"] = "folder://local/Sent"
    return EvolutionSource(
        names.identity,
        {
            "Data Source": _head(str(account.address), names.account),
            "Mail Identity": {"Address": account.address.ascii, "Name": account.person},
            "Mail Submission": submission,
        },
    )


def _transport(account: Account, names: Uids, sign_in: str) -> EvolutionSource:
    return EvolutionSource(
        names.transport,
        {
            "Data Source": _head(str(account.address), names.account),
            "Mail Transport": {"BackendName": "smtp"},
            **_server(account.outgoing, sign_in),
        },
    )


def _main(account: Account, names: Uids, sign_in: str) -> EvolutionSource:
    if _is_pop3(account):
        mail_account = {"BackendName": "pop", "IdentityUid": names.identity}
        backend = {"Pop Backend": {"KeepOnServer": "true"}}
    else:
        mail_account = {
            "BackendName": "imapx",
            "IdentityUid": names.identity,
            # On its first connection Evolution asks the server for Sent, Drafts and the others.
            "NeedsInitialSetup": "true",
        }
        backend = {"Imapx Backend": {"UseSubscriptions": "false"}}
    return EvolutionSource(
        names.account,
        {
            "Data Source": _head(str(account.address), ""),
            "Mail Account": mail_account,
            **_server(account.incoming, sign_in),
            "Refresh": {"Enabled": "true", "IntervalMinutes": "10"},
            **backend,
        },
    )


def notes(account: Account) -> tuple[str, ...]:
    """What the user should know about Evolution and this account."""
    found = []
    if "Outlook" in (_sign_in(account.incoming), _sign_in(account.outgoing)):
        found.append(
            _(
                "Evolution opens Microsoft's sign-in window. If Microsoft refuses it, add the"
                " account in Evolution as “Exchange Web Services” (package evolution-ews)."
            )
        )
    names = (account.incoming.username, account.outgoing.username)
    if any(name != name.strip() for name in names):
        found.append(
            _(
                "The user name begins or ends with a blank, which Evolution drops. If it is"
                " refused, ask the hosting for another user name."
            )
        )
    if account.incoming.protocol is Protocol.POP3:
        found.append(_("Messages stay on the server after Evolution has fetched them."))
    return tuple(found)


def last_step(account: Account) -> InstructionStep:
    """What happens when Evolution opens the account for the first time."""
    if _sign_in(account.incoming) in _OAUTH2:
        return InstructionStep(_("Open Evolution. Sign in in the window that it opens."))
    return InstructionStep(_("Open Evolution. It asks for the password once; let it remember it."))


class Evolution:
    """Evolution, GNOME's mail program."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """The three files and their folder; the registry reads them by itself."""
        made = sources(account)
        if isinstance(made, ExportFailure):
            return made
        files = tuple(
            ArtifactFile(
                source.file_name,
                keyfile.render(source.groups),
                "text/plain; charset=utf-8",
                private=True,
            )
            for source in made
        )
        steps = instructions(
            InstructionStep(
                _("Copy the three files into this folder. It is hidden: in Files press Ctrl+H."),
                (
                    CopyValue(_("Folder"), FOLDER),
                    CopyValue(_("Folder, if Evolution comes from Flathub"), FLATPAK_FOLDER),
                ),
            ),
            _(
                "Wait ten seconds: Evolution notices new files by itself. If the account does"
                " not show up, log out of the computer and in again."
            ),
            last_step(account),
        )
        return Artifact(files=files, steps=steps, notes=notes(account))


def _head(title: str, parent: str) -> dict[str, str]:
    return {"DisplayName": title, "Enabled": "true", "Parent": parent}


def _server(server: ServerSettings, method: str) -> dict[str, dict[str, str]]:
    needs_name = method != _OWN_LOGIN or server.protocol is not Protocol.SMTP
    authentication = {
        "Host": server.host,
        "Method": method,
        "Port": str(server.port),
        "ProxyUid": "system-proxy",
        "User": server.username if needs_name else "",
    }
    return {
        "Authentication": authentication,
        "Security": {"Method": _SECURITY[server.security]},
    }


def _sign_in(server: ServerSettings) -> str | None:
    """``ESourceAuthentication:method`` of the best method that Evolution supports."""
    for kind in server.authentication:
        method = _method(server, kind)
        if method is not None:
            return method
    return None


def _method(server: ServerSettings, kind: Authentication) -> str | None:
    match kind:
        case Authentication.PASSWORD_CLEARTEXT:
            # "none" is the protocol's own login. POP3 servers often support nothing else; IMAP's
            # LOGIN cannot carry non-ASCII letters, SASL PLAIN can.
            return _OWN_LOGIN if server.protocol is Protocol.POP3 else "PLAIN"
        case Authentication.PASSWORD_ENCRYPTED:
            return "CRAM-MD5"
        case Authentication.OAUTH2:
            return next(
                (
                    name
                    for name, hosts in _OAUTH2.items()
                    if any(is_within(server.host, host) for host in hosts)
                ),
                None,
            )
        case Authentication.NTLM:
            return "NTLM"
        case Authentication.GSSAPI:
            return "GSSAPI"
        case Authentication.NONE:
            return _OWN_LOGIN if server.protocol is Protocol.SMTP else None
        case Authentication.TLS_CLIENT_CERT:
            return None


def _no_way_to_sign_in(server: ServerSettings) -> ExportFailure:
    if any(is_within(server.host, host) for host in _MICROSOFT_365):
        return ExportFailure(
            _(
                "Evolution reads Microsoft 365 in its own way: install the package evolution-ews"
                " and choose “Exchange Web Services” when you add the account."
            )
        )
    return ExportFailure(
        _(
            "Evolution cannot sign in at {host}: it has no registration there, and the server"
            " takes no password."
        ).format(host=server.host)
    )
