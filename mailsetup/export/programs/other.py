"""Any other mail program: a guide with large values, the same as a message, and a card to print.

The window and the command line make a PDF out of `mailsetup.export.guide.paper.print_html`.
"""

from mailsetup.export.exporter import (
    Artifact,
    Automation,
    CopyValue,
    ExportFailure,
    InstructionStep,
)
from mailsetup.export.filename import stem
from mailsetup.export.guide.card import card
from mailsetup.export.guide.page import (
    Guide,
    GuideChapter,
    GuideDialog,
    GuideRow,
    GuideStyle,
    page,
    security_name,
    server_values,
)
from mailsetup.export.guide.plain_text import message
from mailsetup.export.validation import examine
from mailsetup.i18n import N_, _
from mailsetup.model.settings import (
    Account,
    Authentication,
    Protocol,
    ServerSettings,
    SocketType,
)


class Other:
    """Whatever program has no exporter of its own."""

    id = "other"
    title = N_("Any other program")
    automation = Automation.GUIDE

    def export(self, account: Account) -> Artifact | ExportFailure:
        """The page, the message and the card, all in the current language."""
        refused = examine(account)
        if refused is not None:
            return refused
        name = stem(account.address)
        guide = Guide(
            title=_("Your settings for {address}").format(address=account.address),
            lead=_("Copy each value into its field. The order does not matter."),
            chapters=(_way(account), _words(account)),
            notes=notes(account),
        )
        files = (
            page(guide, account, f"mail-{name}.html", large=True),
            message(account, f"mail-{name}.txt"),
            card(account, f"card-{name}.svg"),
        )
        html, text, picture = (file.name for file in files)
        about = (
            InstructionStep(
                _(
                    "Open {name} in your browser: it shows every value, with a button to copy it."
                ).format(name=html)
            ),
            InstructionStep(
                _("To help somebody by WhatsApp or SMS, send what stands in {name}.").format(
                    name=text
                )
            ),
            InstructionStep(
                _("To keep it on paper, print {name}: a card of 85 x 55 mm.").format(name=picture)
            ),
        )
        return Artifact(files=files, steps=(*about, *steps(account)), notes=guide.notes)


def notes(account: Account) -> tuple[str, ...]:
    """What the person should know before typing anything."""
    if account.incoming.takes_password and account.outgoing.takes_password:
        return ()
    if all(Authentication.OAUTH2 in s.authentication for s in _signing_in(account)):
        return (
            _(
                "Your provider takes no typed password: you sign in in its own window. The program"
                " must offer that. It is called “OAuth2” or “Sign in with …”."
            ),
        )
    if not _signing_in(account):
        return ()
    return (
        _(
            "One of the servers does not take a typed password. Ask your hosting or your technician"
            " how to sign in there."
        ),
    )


def _signing_in(account: Account) -> list[ServerSettings]:
    """The servers that want to know who we are but take no password."""
    return [
        server
        for server in (account.incoming, account.outgoing)
        if not server.takes_password and server.authentication != (Authentication.NONE,)
    ]


def steps(account: Account) -> tuple[InstructionStep, ...]:
    """The way that all mail programs share."""
    outgoing = account.outgoing
    anonymous = outgoing.authentication == (Authentication.NONE,)
    signing_in = (
        InstructionStep(_("Sending needs no user name and no password: leave both empty there."))
        if anonymous
        else InstructionStep(
            _(
                "Switch on that the outgoing server requires you to sign in, with the same user"
                " name and password as for receiving."
            )
            if outgoing.username == account.incoming.username
            else _(
                "Switch on that the outgoing server requires you to sign in, with its own user"
                " name."
            ),
            (CopyValue(_("User name"), outgoing.username),),
        )
    )
    return (
        InstructionStep(_("Open your mail program and look for “Add account”.")),
        InstructionStep(
            _("Enter your name and your address."),
            (
                CopyValue(_("Your name"), account.display_name),
                CopyValue(_("E-mail address"), account.address.ascii),
            ),
        ),
        InstructionStep(
            _(
                "If it finds servers by itself, compare them with these. Otherwise choose “Manual”,"
                " “Advanced” or “Other account”. If it asks for the kind, choose {kind}."
            ).format(kind=kind_name(account.incoming.protocol))
        ),
        InstructionStep(_("Incoming server settings:"), server_values(account.incoming)),
        InstructionStep(_("Outgoing server settings:"), server_values(account.outgoing)),
        signing_in,
        InstructionStep(_("Type your password. It is the one of this mailbox.")),
        InstructionStep(
            _(
                "If the program warns of a certificate, do not accept it: compare the name of the"
                " server letter by letter first."
            )
        ),
        InstructionStep(_("Send a message to yourself. When it arrives, everything works.")),
    )


def kind_name(protocol: Protocol) -> str:
    """The protocol as mail programs call it."""
    return {Protocol.IMAP: "IMAP", Protocol.POP3: "POP3", Protocol.SMTP: "SMTP"}[protocol]


def _way(account: Account) -> GuideChapter:
    incoming, outgoing = account.incoming, account.outgoing
    rows = [
        GuideRow(_("To receive"), look=GuideStyle.HEADING),
        GuideRow(_("Server"), incoming.host),
        GuideRow(_("Port"), str(incoming.port)),
        GuideRow(_("Encryption"), security_name(incoming.security), GuideStyle.CHOICE),
        GuideRow(_("User name"), incoming.username),
        GuideRow(_("Password"), _("yours"), GuideStyle.HINT),
        GuideRow(_("To send"), look=GuideStyle.HEADING),
        GuideRow(_("Server"), outgoing.host),
        GuideRow(_("Port"), str(outgoing.port)),
        GuideRow(_("Encryption"), security_name(outgoing.security), GuideStyle.CHOICE),
    ]
    return GuideChapter(
        title=_("In any mail program"),
        steps=steps(account),
        dialog=GuideDialog(_("Add account"), tuple(rows), _("Next")),
    )


def _words(account: Account) -> GuideChapter:
    """Programs call the same thing by many names."""
    securities = {server.security for server in (account.incoming, account.outgoing)}
    found = [
        InstructionStep(
            _(
                "“Incoming server” may be called “{kind} server”, “mail server” or “host”;"
                " “outgoing server” may be called “SMTP server”."
            ).format(kind=kind_name(account.incoming.protocol))
        ),
        InstructionStep(_("“User name” may be called “login”, “account” or “user ID”.")),
    ]
    if SocketType.TLS in securities:
        found.append(
            InstructionStep(
                _(
                    "“SSL/TLS” may be called “SSL”, “TLS” or “secure connection (port {ports})”."
                ).format(ports=_ports(account, SocketType.TLS))
            )
        )
    if SocketType.STARTTLS in securities:
        found.append(
            InstructionStep(
                _(
                    "“STARTTLS” may be called “TLS” or “TLS, if available (port {ports})”. Never"
                    " choose “None”."
                ).format(ports=_ports(account, SocketType.STARTTLS))
            )
        )
    if account.incoming.takes_password:
        found.append(
            InstructionStep(
                _(
                    "“Authentication” may be called “password”, “normal password” or “PLAIN”. The"
                    " encryption above protects it on its way."
                )
            )
        )
    return GuideChapter(title=_("When the program uses other words"), steps=tuple(found))


def _ports(account: Account, security: SocketType) -> str:
    ports = [s.port for s in (account.incoming, account.outgoing) if s.security is security]
    return ", ".join(map(str, dict.fromkeys(ports)))
