"""Steps and notes that apply to every mail program."""

from mailsetup.export.exporter import CopyValue, InstructionStep, instructions
from mailsetup.export.guide.page import identity_values, server_values
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Authentication, ServerSettings


def notes(account: Account) -> tuple[str, ...]:
    """What the user should know before typing anything."""
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
    """The servers that need a sign-in but accept no password."""
    return [
        server
        for server in (account.incoming, account.outgoing)
        if not server.takes_password and server.authentication != (Authentication.NONE,)
    ]


def steps(account: Account) -> tuple[InstructionStep, ...]:
    """The steps that all mail programs share."""
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
    return instructions(
        _("Open your mail program and look for “Add account”."),
        InstructionStep(
            _("Enter your name and your address."),
            identity_values(account),
        ),
        _(
            "If it finds servers by itself, compare them with these. Otherwise choose “Manual”,"
            " “Advanced” or “Other account”. If it asks for the kind, choose {kind}."
        ).format(kind=account.incoming.protocol.upper()),
        InstructionStep(_("Incoming server settings:"), server_values(account.incoming)),
        InstructionStep(_("Outgoing server settings:"), server_values(account.outgoing)),
        signing_in,
        _("Type your password. It is the one of this mailbox."),
        _(
            "If the program warns of a certificate, do not accept it: compare the name of the"
            " server letter by letter first."
        ),
        _("Send a message to yourself. When it arrives, everything works."),
    )
