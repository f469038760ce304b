"""Sentences about a search for settings: its sources, its result and its warnings."""

import os
from typing import assert_never

from mailsetup.assistant.texts.common import domain_shown
from mailsetup.i18n import _, language
from mailsetup.model.settings import Hint, HostAlias
from mailsetup.model.source import Method, Source
from mailsetup.model.text import plain
from mailsetup.net.environment import EnvironmentFault, proxy_setting


def source_sentence(source: Source) -> str:
    """The source of settings as a sentence."""
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


def source_asked_sentence(method: Method) -> str:
    """The query to a source as a sentence."""
    match method:
        case Method.BUILTIN | Method.FILE | Method.TYPED:
            return _("Looking among the providers that this program knows")
        case Method.AUTOCONFIG | Method.WELL_KNOWN | Method.PACC:
            return _("Asking your domain for its settings")
        case Method.ISPDB:
            return _("Asking the public list of providers")
        case Method.SRV:
            return _("Asking the DNS for your servers")
        case Method.MX:
            return _("Asking who receives mail for your domain")
        case Method.AUTODISCOVER:
            return _("Asking your domain as Outlook does")
        case Method.PROBE:
            return _("Trying the usual server names")
        case _:
            assert_never(method)


def unproven_sentence() -> str:
    """Why the company that would get the password needs an agreement (RFC 6186 section 6)."""
    return _(
        "Your address does not belong to this company, and nobody proves that it keeps "
        "your mail. Go on only if you know it: from your bill, your contract, or whoever "
        "looks after your computer."
    )


def hint_sentence(hint: Hint) -> str:
    """What the provider wants the person to do first."""
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
    """Why a server is used under another name than the one of the person's domain."""
    return _(
        "{asked} leads to the server {proven}. Its certificate carries only that name, so your "
        "mail program has to use it."
    ).format(asked=domain_shown(alias.asked), proven=domain_shown(alias.proven))


def provider_words(hint: Hint) -> str:
    """The provider's own text for a hint, in quotation marks; "" where there is none."""
    text = hint.text(language())
    return f"“{text}”" if text else ""


def warning_sentence(warning: str) -> str:
    """A warning of a search; ``warning`` is one of the stable words of `find`."""
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
        case EnvironmentFault.PROXY_UNREACHABLE:
            return _(
                "The proxy of {source} does not answer: {proxy}. Without it some settings may not "
                "be found."
            ).format(source=source, proxy=shown)
        case _:
            assert_never(fault)
