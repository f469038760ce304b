"""Claws Mail: a configuration folder with the account, or its section for an existing one.

``accountrc`` has no escaping: a value is the rest of its line, byte for byte, so that without line
breaks it cannot be misread. ``folderlist.xml`` lists the mailboxes: without a complete one Claws
Mail asks for a new account at its start.
"""

from collections.abc import Mapping
from html import escape
from typing import Final

from mailsetup.export.exporter import (
    Artifact,
    ArtifactFile,
    CopyValue,
    ExportFailure,
    InstructionStep,
    instructions,
    settings_file,
)
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType

# The first version in which the protocols have the numbers below; Claws Mail upgrades it.
_CONFIG_VERSION = 1
_POP3, _IMAP4 = 0, 1
_SECURITY: Final[Mapping[SocketType, int]] = {SocketType.TLS: 1, SocketType.STARTTLS: 2}
_FOLDER = "~/.claws-mail"
_LOCAL = (
    ("inbox", "inbox"),
    ("outbox", "sent"),
    ("draft", "draft"),
    ("queue", "queue"),
    ("trash", "trash"),
)
# Claws Mail makes these in its assistant only. Without "sent", sent messages are lost.
_FOLDERS = " ".join(f"~/Mail/{name}" for _kind, name in _LOCAL)
_COPY = f"mkdir -p {_FOLDER} {_FOLDERS} && cp -n accountrc folderlist.xml {_FOLDER}/"
_TRY = f"mkdir -p {_FOLDERS} && claws-mail --alternate-config-dir ."


class ClawsMail:
    """Claws Mail."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """``accountrc`` and ``folderlist.xml``: together a folder with which Claws Mail starts."""
        failure = validate(account) or _refused(account)
        if failure is not None:
            return failure
        files = (
            settings_file("accountrc", _accountrc(account)),
            ArtifactFile("folderlist.xml", _folderlist(account), "application/xml", private=True),
        )
        steps: tuple[InstructionStep, ...] = instructions(
            InstructionStep(
                _(
                    "If you have not used Claws Mail yet: open a terminal in the folder of the"
                    " files and enter this line."
                ),
                (CopyValue(_("Command"), _COPY),),
            ),
            InstructionStep(
                _(
                    "If you use it already: close it, and copy the lines of accountrc to the end"
                    " of the file of that name there. In the first line put the next free number."
                ),
                (CopyValue(_("File"), f"{_FOLDER}/accountrc"),),
            ),
            _("Start Claws Mail and press “Get Mail”. It asks for the password."),
            _("For IMAP: right-click the mailbox on the left and choose “Check for new folders”."),
            InstructionStep(
                _("To try it first without touching your Claws Mail, enter this line instead:"),
                (CopyValue(_("Command"), _TRY),),
            ),
        )
        if account.incoming.protocol is Protocol.POP3:
            steps = steps[:3] + steps[4:]
        return Artifact(files=files, steps=steps, notes=_notes(account))


def _accountrc(account: Account) -> tuple[str, ...]:
    """The section of the account (``prefs_account.c`` of Claws Mail), as lines.

    No password: Claws Mail stores passwords in a separate file and asks for this one.
    """
    incoming, outgoing = account.incoming, account.outgoing
    imap = incoming.protocol is Protocol.IMAP
    kind = "imap" if imap else "pop"
    needs_login = _signs_in(outgoing)
    values: list[tuple[str, str | int]] = [
        ("account_name", str(account.address)),
        ("config_version", _CONFIG_VERSION),
        ("is_default", 1),
        ("name", account.person),
        ("address", account.address.ascii),
        ("protocol", _IMAP4 if imap else _POP3),
        ("receive_server", incoming.host),
        ("user_id", incoming.username),
        (f"ssl_{kind}", _SECURITY[incoming.security]),
        (f"set_{kind}port", 1),
        (f"{kind}_port", incoming.port),
        ("smtp_server", outgoing.host),
        ("ssl_smtp", _SECURITY[outgoing.security]),
        ("set_smtpport", 1),
        ("smtp_port", outgoing.port),
        # Otherwise it asks about every certificate, also valid ones, each time they are renewed.
        ("ssl_certs_auto_accept", 1),
        ("use_smtp_auth", int(needs_login)),
    ]
    if needs_login:
        values.append(("smtp_user_id", outgoing.username))
    if not imap:
        # Without this Claws Mail deletes messages from the server a week after it has fetched them.
        values += [("remove_mail", 0), ("inbox", "#mh/Mail/inbox")]
    return ("[Account: 1]", *(f"{key}={value}" for key, value in values))


def _quoted(text: str) -> str:
    """An attribute's value. Claws Mail reads XML's five named entities and no numeric ones."""
    return '"' + escape(text, quote=False).replace('"', "&quot;") + '"'


def _folderlist(account: Account) -> bytes:
    items = "".join(
        f"        <folderitem type={_quoted(kind)} name={_quoted(name)} path={_quoted(name)}/>\n"
        for kind, name in _LOCAL
    )
    local = f'    <folder type="mh" name="Mail" path="Mail">\n{items}    </folder>\n'
    remote = ""
    if account.incoming.protocol is Protocol.IMAP:
        name = _quoted(str(account.address))
        remote = (
            f'    <folder type="imap" name={name} account_id="1">\n'
            '        <folderitem type="inbox" name="INBOX" path="INBOX"/>\n    </folder>\n'
        )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}<folderlist>\n{local}{remote}</folderlist>\n".encode()


def _notes(account: Account) -> tuple[str, ...]:
    if account.incoming.protocol is Protocol.POP3:
        return (_("Messages stay on the server after Claws Mail has fetched them."),)
    return (
        _(
            "Claws Mail keeps sent messages on this computer until you choose a folder of the"
            " server for them, in the account's settings under “Advanced”."
        ),
    )


def _signs_in(server: ServerSettings) -> bool:
    return server.takes_password or Authentication.GSSAPI in server.authentication


def _refused(account: Account) -> ExportFailure | None:
    outgoing = account.outgoing
    open_door = Authentication.NONE in outgoing.authentication
    for server in (account.incoming, outgoing):
        if not (_signs_in(server) or (server is outgoing and open_door)):
            return ExportFailure(
                _(
                    "Claws Mail cannot sign in at {host}: the server takes no password, and Claws"
                    " Mail has no registration there."
                ).format(host=server.host)
            )
    return None
