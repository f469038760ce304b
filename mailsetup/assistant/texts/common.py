"""Names and sentences that window, command line and reports share, in the current language."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, assert_never

from mailsetup.assistant.events import Activity
from mailsetup.i18n import _
from mailsetup.model.address import AddressFault
from mailsetup.model.finding import Actor, Link, Status
from mailsetup.model.hostname import to_u_label
from mailsetup.model.settings import (
    Authentication,
    Protocol,
    ServerSettings,
    Service,
    ServiceKind,
    SocketType,
)
from mailsetup.model.text import plain

_PLAIN_NAMES: Final[Mapping[ServiceKind, str]] = MappingProxyType(
    {
        ServiceKind.JMAP: "JMAP",
        ServiceKind.EWS: "Exchange (EWS)",
        ServiceKind.ACTIVE_SYNC: "Exchange ActiveSync",
        ServiceKind.GRAPH: "Microsoft Graph",
    }
)


def address_fault_sentence(fault: AddressFault) -> str:
    """Why an address is not valid, and how to write it."""
    match fault:
        case AddressFault.EMPTY:
            return _("Type your e-mail address.")
        case AddressFault.NO_AT:
            return _("The @ is missing. Write it like name@company.com.")
        case AddressFault.TWO_AT:
            return _("There are two @ in it. Write it like name@company.com.")
        case AddressFault.SEVERAL_ADDRESSES:
            return _("That is more than one address. Type only one.")
        case AddressFault.SPACE:
            return _("There is a blank inside the address. Remove it.")
        case AddressFault.CONTROL_CHARACTER:
            return _("There are invisible characters in it. Type the address by hand.")
        case AddressFault.TOO_LONG:
            return _("That is too long for an e-mail address.")
        case AddressFault.LOCAL_PART:
            return _("The part before the @ is not valid.")
        case AddressFault.DOMAIN:
            return _("The part after the @ is not valid.")
        case AddressFault.DOMAIN_INCOMPLETE:
            return _("The part after the @ is incomplete. Write it like company.com.")
        case AddressFault.DOMAIN_LITERAL:
            return _("There are numbers after the @. Enter the servers by hand.")
        case _:
            assert_never(fault)


def link_name(link: Link) -> str:
    """The name of a link of the chain."""
    match link:
        case Link.HOSTING:
            return _("Hosting")
        case Link.ACCOUNT:
            return _("Account")
        case Link.DNS:
            return _("DNS")
        case Link.CLIENT:
            return _("Program")
        case _:
            assert_never(link)


def link_meaning(link: Link) -> str:
    """What a link of the chain is, as a sentence."""
    match link:
        case Link.HOSTING:
            return _("The company whose server keeps and sends your mail.")
        case Link.ACCOUNT:
            return _("Your mailbox at that company: user name, password and space.")
        case Link.DNS:
            return _("Your domain's identity card: it tells everybody where your mail lives.")
        case Link.CLIENT:
            return _("This computer and the mail program on it.")
        case _:
            assert_never(link)


def status_word(status: Status) -> str:
    """A status in a word or two."""
    match status:
        case Status.OK:
            return _("works")
        case Status.WARN:
            return _("worth a look")
        case Status.FAIL:
            return _("broken")
        case Status.UNKNOWN:
            return _("not checked")
        case _:
            assert_never(status)


def actor_name(actor: Actor) -> str:
    """Who has to act."""
    match actor:
        case Actor.YOU:
            return _("You")
        case Actor.HOSTING:
            return _("Your hosting")
        case Actor.RECIPIENT:
            return _("The recipient")
        case Actor.TECHNICIAN:
            return _("Whoever manages your domain or network")
        case _:
            assert_never(actor)


def protocol_purpose(protocol: Protocol) -> str:
    """The purpose of a server, without the name of its protocol."""
    match protocol:
        case Protocol.IMAP | Protocol.POP3:
            return _("Incoming mail")
        case Protocol.SMTP:
            return _("Outgoing mail")
        case _:
            assert_never(protocol)


def security_name(security: SocketType) -> str:
    """The name of the encryption in mail programs."""
    match security:
        case SocketType.TLS:
            return _("SSL/TLS")
        case SocketType.STARTTLS:
            return _("STARTTLS")
        case SocketType.NONE:
            return _("none")
        case _:
            assert_never(security)


def authentication_name(kind: Authentication) -> str:
    """The name of the login method in mail programs."""
    match kind:
        case Authentication.PASSWORD_CLEARTEXT:
            return _("Normal password")
        case Authentication.PASSWORD_ENCRYPTED:
            return _("Encrypted password")
        case Authentication.OAUTH2:
            return _("Sign-in in the browser")
        case Authentication.NTLM | Authentication.GSSAPI | Authentication.TLS_CLIENT_CERT:
            return str(kind)
        case Authentication.NONE:
            return _("no login")
        case _:
            assert_never(kind)


def server_sentence(server: ServerSettings) -> str:
    """One server on one line."""
    return _("{host}, port {port}, {security}").format(
        host=domain_shown(server.host), port=server.port, security=security_name(server.security)
    )


def domain_shown(domain: str) -> str:
    """A domain with U-labels, followed by its A-labels where they differ (RFC 5890).

    Both, because letters of different scripts can look alike.
    """
    readable = to_u_label(domain)
    return domain if readable == domain else f"{readable} ({domain})"


def service_name(kind: ServiceKind) -> str:
    """The name of a service other than mail."""
    match kind:
        case ServiceKind.CALDAV:
            return _("Calendar")
        case ServiceKind.CARDDAV:
            return _("Address book")
        case ServiceKind.WEBDAV:
            return _("Files")
        case ServiceKind.MANAGESIEVE:
            return _("Filter rules")
        case ServiceKind.JMAP | ServiceKind.EWS | ServiceKind.ACTIVE_SYNC | ServiceKind.GRAPH:
            return _("Also by {kind}").format(kind=_PLAIN_NAMES[kind])
        case _:
            assert_never(kind)


def service_sentence(service: Service) -> str:
    """One service on one line."""
    name = service_name(service.kind)
    if service.url:
        return f"{name}: {plain(service.url, 200)}"
    host = domain_shown(service.host)
    return f"{name}: " + _("{host}, port {port}, {security}").format(
        host=host, port=service.port, security=security_name(service.security)
    )


def activity_sentence(activity: Activity, detail: str = "") -> str:
    """A step of a check as a sentence. ``detail`` is plain text: a host or a folder."""
    match activity:
        case Activity.LOOK_FOR_SETTINGS:
            return _("Looking for your mail servers")
        case Activity.LOOK_AT_DOMAIN:
            return _("Looking at your domain")
        case Activity.REACH_INCOMING:
            return _("Reaching the server for incoming mail ({host})").format(host=detail)
        case Activity.LOG_IN_INCOMING:
            return _("Logging in to receive mail")
        case Activity.REACH_OUTGOING:
            return _("Reaching the server for outgoing mail ({host})").format(host=detail)
        case Activity.LOG_IN_OUTGOING:
            return _("Logging in to send mail")
        case Activity.SEND:
            return _("Sending a test message to yourself")
        case Activity.WAIT_FOR_ARRIVAL:
            return _("Waiting for it to arrive")
        case Activity.COMPARE_ATTACHMENT:
            return _("Comparing the attachment")
        case Activity.CLEAN_UP:
            return _("Removing the test message")
        case Activity.OPEN_SECOND:
            return _("Opening the second mailbox ({address})").format(address=detail)
        case Activity.SEND_ELSEWHERE:
            return _("Sending a message to the second mailbox")
        case Activity.RECEIVE_FROM_ELSEWHERE:
            return _("Sending a message back from the second mailbox")
        case _:
            assert_never(activity)


def demo_note(folder: Path) -> str:
    """The note on a program that was set up in the demo; ``folder`` is its temporary home."""
    return _(
        "Demo: nothing on this computer was changed. What was set up is in the temporary folder"
        " {folder}, which is removed when the demo ends."
    ).format(folder=plain(str(folder), 300))


def yes_no(value: bool) -> str:
    """A truth value in a word."""
    return _("yes") if value else _("no")


def no_keyring_sentence() -> str:
    """There is no safe place to store a password."""
    return _("This computer has no keyring, so the password is not kept.")
