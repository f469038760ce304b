"""Any other mail program: a guide with large values, the same as a message, and a card to print.

The window and the command line add a PDF (`mailsetup.export.guide.paper.with_pdf`).
"""

from mailsetup.export.exporter import Artifact, ExportFailure, instructions
from mailsetup.export.filename import stem
from mailsetup.export.guide.any_program import notes, steps
from mailsetup.export.guide.card import card
from mailsetup.export.guide.page import (
    Guide,
    GuideChapter,
    GuideDialog,
    GuideRow,
    GuideStyle,
    credential_rows,
    page,
    server_rows,
)
from mailsetup.export.guide.plain_text import message
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.settings import Account, SocketType


class Other:
    """Every program without an exporter."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """The page, the message and the card, all in the current language."""
        failure = validate(account)
        if failure is not None:
            return failure
        name = stem(account.address)
        guide = Guide(
            title=_("Your settings for {address}").format(address=account.address),
            lead=_("Copy each value into its field. The order does not matter."),
            chapters=(_steps_chapter(account), _synonyms_chapter(account)),
            notes=notes(account),
        )
        files = (
            page(guide, account, f"mail-{name}.html", large=True),
            message(account, f"mail-{name}.txt"),
            card(account, f"card-{name}.svg"),
        )
        html, text, picture = (file.name for file in files)
        about = instructions(
            _(
                "Open {name} in your browser: it shows every value, with a button to copy it."
            ).format(name=html),
            _("To help somebody by WhatsApp or SMS, send what stands in {name}.").format(name=text),
            _("To keep it on paper, print {name}: a card of 85 x 55 mm.").format(name=picture),
        )
        return Artifact(files=files, steps=(*about, *steps(account)), notes=guide.notes)


def _steps_chapter(account: Account) -> GuideChapter:
    rows = (
        GuideRow(_("To receive"), style=GuideStyle.HEADING),
        *server_rows(account.incoming),
        *credential_rows(account.incoming),
        GuideRow(_("To send"), style=GuideStyle.HEADING),
        *server_rows(account.outgoing),
    )
    return GuideChapter(
        title=_("In any mail program"),
        steps=steps(account),
        dialog=GuideDialog(_("Add account"), rows, _("Next")),
    )


def _synonyms_chapter(account: Account) -> GuideChapter:
    """The different names that programs use for the same thing."""
    securities = {server.security for server in (account.incoming, account.outgoing)}
    found = [
        _(
            "“Incoming server” may be called “{kind} server”, “mail server” or “host”;"
            " “outgoing server” may be called “SMTP server”."
        ).format(kind=account.incoming.protocol.upper()),
        _("“User name” may be called “login”, “account” or “user ID”."),
    ]
    if SocketType.TLS in securities:
        found.append(
            _("“SSL/TLS” may be called “SSL”, “TLS” or “secure connection (port {ports})”.").format(
                ports=_ports(account, SocketType.TLS)
            )
        )
    if SocketType.STARTTLS in securities:
        found.append(
            _(
                "“STARTTLS” may be called “TLS” or “TLS, if available (port {ports})”. Never"
                " choose “None”."
            ).format(ports=_ports(account, SocketType.STARTTLS))
        )
    if account.incoming.takes_password:
        found.append(
            _(
                "“Authentication” may be called “password”, “normal password” or “PLAIN”. The"
                " encryption above protects it on its way."
            )
        )
    return GuideChapter(title=_("When the program uses other words"), steps=instructions(*found))


def _ports(account: Account, security: SocketType) -> str:
    ports = [s.port for s in (account.incoming, account.outgoing) if s.security is security]
    return ", ".join(map(str, dict.fromkeys(ports)))
