"""Sentences that the window and the command line share, in the current language."""

import os
from pathlib import Path
from typing import assert_never

from mailsetup.assistant.events import Activity
from mailsetup.i18n import _, language
from mailsetup.model.address import AddressFault
from mailsetup.model.finding import Actor, Link, Status
from mailsetup.model.hostname import to_u_label
from mailsetup.model.settings import (
    Authentication,
    Hint,
    HostAlias,
    Protocol,
    ServerSettings,
    Service,
    ServiceKind,
    SocketType,
)
from mailsetup.model.source import Method, Source
from mailsetup.model.text import plain
from mailsetup.net.environment import EnvironmentFault, proxy_setting

_PLAIN_NAMES = {
    ServiceKind.JMAP: "JMAP",
    ServiceKind.EWS: "Exchange (EWS)",
    ServiceKind.ACTIVE_SYNC: "Exchange ActiveSync",
    ServiceKind.GRAPH: "Microsoft Graph",
}


def address_fault_sentence(fault: AddressFault) -> str:
    """What is wrong with a typed address, and how to write it."""
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


def source_sentence(source: Source) -> str:
    """Where settings came from."""
    match source.method:
        case Method.BUILTIN:
            return _("This program knows your provider.")
        case Method.AUTOCONFIG | Method.WELL_KNOWN | Method.PACC:
            return _("Your domain publishes these settings itself.")
        case Method.ISPDB:
            return _("From the public list of providers that Thunderbird uses.")
        case Method.SRV:
            return _("Your domain announces these servers in the DNS.")
        case Method.MX:
            return _("From the company that receives the mail of your domain.")
        case Method.AUTODISCOVER:
            return _("From your domain's Autodiscover service.")
        case Method.PROBE:
            return _("Found by trying the usual server names.")
        case Method.FILE:
            return _("From your settings file.")
        case Method.TYPED:
            return _("Entered by hand.")
        case _:
            assert_never(source.method)


def link_name(link: Link) -> str:
    """A link of the chain, in one word."""
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
    """What a link of the chain is, in one sentence."""
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
    """How something stands, in a word or two."""
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
    """What a server is for, without naming its protocol."""
    match protocol:
        case Protocol.IMAP | Protocol.POP3:
            return _("Incoming mail")
        case Protocol.SMTP:
            return _("Outgoing mail")
        case _:
            assert_never(protocol)


def security_name(security: SocketType) -> str:
    """The kind of encryption, as mail programs call it."""
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
    """The kind of login, as mail programs call it."""
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
    """A domain as people read it, and as the DNS does where that is something else.

    Both, because letters of other scripts can look like ours.
    """
    readable = to_u_label(domain)
    return domain if readable == domain else f"{readable} ({domain})"


def service_name(kind: ServiceKind) -> str:
    """What an account offers beside mail."""
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


def unproven_sentence() -> str:
    """Why a company that would get the password has to be agreed to (RFC 6186, section 6)."""
    return _(
        "Your address does not belong to this company, and nobody proves that it keeps "
        "your mail. Go on only if you know it: from your bill, your contract, or whoever "
        "looks after your computer."
    )


def hint_sentence(hint: Hint) -> str:
    """What the provider wants done first."""
    match hint.kind:
        case "app-password":
            return _("This provider wants an app password instead of your usual one.")
        case "enable-imap":
            return _("Switch on IMAP on your provider's web page first.")
        case "oauth-only":
            return _("This provider only lets you sign in in the browser; passwords do not work.")
        case "bridge":
            return _("This provider needs its own program (Bridge) on this computer.")
        case "own-app":
            return _("This provider lets no other mail program in.")
        case _:
            return _("Your provider explains more on its web page.")


def alias_sentence(alias: HostAlias) -> str:
    """Why another name than the person's own one is used for a server."""
    return _(
        "{asked} leads to the server {proven}. Its certificate carries only that name, so your "
        "mail program has to use it."
    ).format(asked=domain_shown(alias.asked), proven=domain_shown(alias.proven))


def provider_words(hint: Hint) -> str:
    """What the provider itself says about a hint, marked as its words; "" where it says nothing."""
    said = hint.text(language())
    return f"“{said}”" if said else ""


def activity_sentence(activity: Activity, detail: str = "") -> str:
    """What the program is doing now. ``detail`` is plain text: a host or a folder."""
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


def source_asked_sentence(method: str, location: str) -> str:
    """Whom the program is asking for settings. ``location`` is plain text."""
    if method in (Method.BUILTIN, Method.FILE):
        return _("Looking among the providers that this program knows")
    if method in (Method.AUTOCONFIG, Method.WELL_KNOWN, Method.PACC):
        return _("Asking your domain for its settings")
    if method == Method.ISPDB:
        return _("Asking the public list of providers")
    if method == Method.SRV:
        return _("Asking the DNS for your servers")
    if method == Method.MX:
        return _("Asking who receives mail for your domain")
    if method == Method.AUTODISCOVER:
        return _("Asking your domain as Outlook does")
    if method == Method.PROBE:
        return _("Trying the usual server names")
    return _("Asking {place}").format(place=location)


def warning_sentence(warning: str) -> str:
    """What a search has to say beside its result; ``warning`` is one of `find`'s stable words."""
    word, _colon, path = warning.partition(":")
    if word.startswith("file-"):
        return ignored_file_sentence(word, path)
    match warning:
        case "incomplete":
            return _("Only one of the two directions was found, receiving or sending.")
        case "source-crashed":
            return _("One way of looking failed because of a defect of this program.")
        case "out-of-time":
            return _("The time was over before all had answered.")
        case "unencrypted":
            return _(
                "The domain names servers, but only without encryption: a password does not go "
                "there. Ask your hosting for servers with TLS."
            )
        case "plain-http":
            return _(
                "The domain offers its settings without encryption only, where anybody on the way "
                "could change them. They were not used."
            )
        case "exchange":
            return _(
                "This mailbox is on an Exchange server that does not announce IMAP. Ask whoever "
                "runs it to switch IMAP and SMTP on and to tell you the servers."
            )
        case "bridge":
            return _(
                "This provider's mail only comes out through its own program (Bridge). Install "
                "it and enter the servers that it shows."
            )
        case "own-app":
            return _(
                "This provider's mail can only be read in its own app or on its web page. No mail "
                "program can be set up for it."
            )
        case EnvironmentFault():
            return _environment_sentence(warning)
        case _:
            return warning


def ignored_file_sentence(reason: str, path: str) -> str:
    """Why a file (or its folder) is ignored: `mailsetup.files.trusted_file`."""
    shown = plain(path, 200)
    match reason:
        case "file-foreign":
            return _(
                "{path} was ignored: it belongs to another account of this computer, which could "
                "lead your password elsewhere with it. If its content is right, make your account "
                "its owner (chown)."
            ).format(path=shown)
        case "file-writable":
            return _(
                "{path} was ignored: other accounts of this computer may write to it, and could "
                "lead your password elsewhere with it. If its content is right, forbid that: "
                "chmod go-w {path}"
            ).format(path=shown)
        case "file-unusable":
            return _(
                "{path} was ignored: it holds no settings that can be used. Correct or remove it."
            ).format(path=shown)
        case _:
            return _("{path} was ignored because it cannot be read.").format(path=shown)


def demo_note(folder: Path) -> str:
    """What became of a program that was set up in the demo; ``folder`` is its temporary home."""
    return _(
        "Demo: nothing on this computer was changed. What was set up is in the temporary folder"
        " {folder}, which is removed when the demo ends."
    ).format(folder=plain(str(folder), 300))


def _environment_sentence(fault: EnvironmentFault) -> str:
    proxy = proxy_setting()
    shown, source = (proxy.shown, proxy.source) if proxy is not None else ("", "")
    source = source or _("the system")
    match fault:
        case EnvironmentFault.CERT_FILE:
            return _(
                "The file of SSL_CERT_FILE cannot be read: {path}. Correct that variable, or "
                "remove it."
            ).format(path=plain(os.environ.get("SSL_CERT_FILE", ""), 200))
        case EnvironmentFault.CERT_DIR:
            return _(
                "The folder of SSL_CERT_DIR cannot be read: {path}. Correct that variable, or "
                "remove it."
            ).format(path=plain(os.environ.get("SSL_CERT_DIR", ""), 200))
        case EnvironmentFault.PROXY:
            return _(
                "The proxy of {source} cannot be used: {proxy}. Write it as http://HOST:PORT."
            ).format(source=source, proxy=shown)
        case EnvironmentFault.PROXY_SILENT:
            return _(
                "The proxy of {source} does not answer: {proxy}. Without it some settings may not "
                "be found."
            ).format(source=source, proxy=shown)
        case _:
            assert_never(fault)


def no_keyring_sentence() -> str:
    """There is nowhere safe to keep a password."""
    return _("This computer has no keyring, so the password is not kept.")
