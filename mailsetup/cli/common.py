"""What the verbs have in common: the options' meaning, passwords, and settings for an address."""

import argparse
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.assistant.account_choice import choose_account
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.settings_file import SettingsFileFailure, read_settings_file
from mailsetup.assistant.texts.common import address_fault_sentence, domain_shown
from mailsetup.cli import text
from mailsetup.cli.main import (
    NEEDS_CONFIRMATION,
    NOT_FOUND,
)
from mailsetup.cli.progress import live_progress
from mailsetup.cli.refusal import CommandError, Streams
from mailsetup.files.user_file import PIPE_SECONDS
from mailsetup.i18n import _
from mailsetup.i18n.languages import is_yes
from mailsetup.model.address import AddressFailure, EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding_id import FindingId
from mailsetup.model.network_options import NetworkOptions, parse_resolver
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account
from mailsetup.model.text import has_control

if TYPE_CHECKING:
    from mailsetup.cli.engine import Engine

_MAX_PASSWORD = 4096
_MAX_QUESTIONS = 3
"""How often a domain may send us on to somebody else before we give up."""


# What the options say ---------------------------------------------------------------------------


def address_of(options: argparse.Namespace) -> EmailAddress:
    parsed = EmailAddress.parse(options.address)
    if isinstance(parsed, AddressFailure):
        raise CommandError(FindingId.CLIENT_ADDRESS_MALFORMED, address_fault_sentence(parsed.fault))
    return parsed


def run_options(options: argparse.Namespace) -> RunOptions:
    resolver = None
    if options.resolver is not None:
        resolver = parse_resolver(options.resolver)
        if resolver is None:
            raise CommandError(
                "usage", _("--resolver needs an IP address, such as 192.0.2.53 or 192.0.2.53:5353.")
            )
    ca_files: tuple[Path, ...] = ()
    if options.ca_file is not None:
        ca_files = (_ca_file(Path(options.ca_file)),)
    return RunOptions(
        network=NetworkOptions(resolver=resolver, ca_files=ca_files),
        agreed=tuple(_trusted(domain) for domain in options.trust),
        budget=options.timeout,
        offline=options.offline,
        plain_http=options.allow_http,
        oauth_client_id=getattr(options, "oauth_client_id", None) or "",
    )


def _trusted(domain: str) -> str:
    from mailsetup.assistant.technician_options import trusted_domain

    name = trusted_domain(domain)
    if name is None:
        raise CommandError("usage", _("--trust needs a domain, such as hoster.com."))
    return name


def _ca_file(path: Path) -> Path:
    from mailsetup.assistant.technician_options import holds_certificates

    if not holds_certificates(path):
        raise CommandError(
            "ca-file.unreadable",
            _("The file of --ca-file cannot be read as certificates: {path}").format(path=path),
        )
    return path


def settings_file(path: Path, address: EmailAddress) -> Discovery:
    """Settings from the person's own file. Raises CommandError where it cannot be used."""
    read = read_settings_file(path, address, pipe_seconds=PIPE_SECONDS)
    if isinstance(read, SettingsFileFailure):
        raise CommandError(read.id, read.sentence)
    return read


def password_for(
    options: argparse.Namespace, streams: Streams, engine: "Engine", address: EmailAddress
) -> Secret:
    known = kept_or_given_password(options, streams, engine, address)
    if known is not None:
        return known
    if not streams.stdin.isatty():
        raise CommandError(
            "password.missing",
            _(
                "There is no password. Use --password-stdin, or keep it in the keyring "
                "with the window."
            ),
        )
    return password_prompt(address)


def kept_or_given_password(
    options: argparse.Namespace, streams: Streams, engine: "Engine", address: EmailAddress
) -> Secret | None:
    """The password from standard input or the keyring; None where somebody has to be asked."""
    if options.password_stdin:
        try:
            line = streams.stdin.readline(_MAX_PASSWORD + 2)
        except UnicodeDecodeError:
            raise _not_text() from None
        value = line.rstrip("\r\n")
        if not value:
            raise CommandError(
                "password.missing",
                _("There is no password for {address} on standard input.").format(address=address),
            )
    else:
        return engine.stored_password(address)
    return _checked_password(value)


def _not_text() -> CommandError:
    return CommandError(
        "password.malformed", _("The password is not text in the encoding of this terminal.")
    )


def _checked_password(value: str) -> Secret:
    if len(value) > _MAX_PASSWORD or has_control(value):
        raise CommandError(
            "password.malformed", _("The password is too long or holds control characters.")
        )
    return Secret(value)


def password_prompt(address: EmailAddress, *, may_be_empty: bool = False) -> Secret:
    """Ask on the terminal. ``may_be_empty``: the person may sign in in the browser instead."""
    question = (
        _("Password for {address} (leave it empty to sign in in the browser): ")
        if may_be_empty
        else _("Password for {address}: ")
    )
    value = typed_secret(question.format(address=address))
    if not value and not may_be_empty:
        raise CommandError("password.missing", _("No password was typed."))
    return _checked_password(value)


def typed_secret(question: str) -> str:
    """What is typed on the terminal without being shown; "" where the input ends there."""
    import getpass

    try:
        return getpass.getpass(question)
    except EOFError:
        return ""
    except UnicodeDecodeError:
        raise _not_text() from None


# Finding settings -------------------------------------------------------------------------------


def find_settings(
    options: argparse.Namespace, streams: Streams, engine: "Engine", address: EmailAddress
) -> tuple[Discovery, Collection[str]]:
    """What was found, and the domains that the person agreed to on the way to it."""
    if options.settings is not None:
        return settings_file(Path(options.settings), address), ()
    agreed: tuple[str, ...] = ()
    for _again in range(_MAX_QUESTIONS):
        with live_progress(streams.stderr, options.json) as emit:
            discovery = engine.run(engine.assistant.discover(address, emit, agreed=agreed))
        # Without settings the question is whom to ask for them.
        if discovery.settings is not None or not agrees(discovery, options, streams):
            break
        agreed = (*agreed, *discovery.confirm)
    return discovery, agreed


def confirmed(
    discovery: Discovery, options: argparse.Namespace, streams: Streams
) -> tuple[Discovery, Collection[str]]:
    """Ask on a terminal for what has to be agreed to; otherwise the discovery stays as it is."""
    if not agrees(discovery, options, streams):
        return discovery, ()
    return replace(discovery, outcome=DiscoveryStatus.FOUND, confirm=()), discovery.confirm


def agrees(discovery: Discovery, options: argparse.Namespace, streams: Streams) -> bool:
    if discovery.outcome is not DiscoveryStatus.NEEDS_CONFIRMATION:
        return False
    if options.json or not (streams.stdin.isatty() and streams.stderr.isatty()):
        return False
    domains = ", ".join(map(domain_shown, discovery.confirm))
    if discovery.settings is None:
        question = _("Your domain sends us on to {domains}. May we ask there? [y/N] ")
    else:
        text.write_discovery(discovery, streams.stderr)
        question = _("Is {domains} the company that keeps your mail? [y/N] ")
    streams.stderr.write(question.format(domains=domains))
    streams.stderr.flush()
    return is_yes(streams.stdin.readline())


def account_of(discovery: Discovery, address: EmailAddress, person: str) -> Account:
    account = choose_account(discovery.settings, address, person) if discovery.settings else None
    if account is None:
        raise CommandError(
            "settings.incomplete",
            _("These settings do not name both an incoming and an outgoing encrypted server."),
            NOT_FOUND,
        )
    return account


def prepared(options: argparse.Namespace, streams: Streams) -> Account:
    """The account to hand over; refuses where settings are missing or not agreed to."""
    address = address_of(options)
    if has_control(options.name) or len(options.name) > 200:
        raise CommandError("usage", _("The name holds control characters or is too long."))
    discovery = _found(options, streams, address)
    discovery, _agreed = confirmed(discovery, options, streams)
    if discovery.outcome is DiscoveryStatus.NOT_FOUND:
        raise CommandError(
            "settings.not-found",
            _("No settings were found for {address}. Give them with --settings.").format(
                address=address
            ),
            NOT_FOUND,
        )
    if discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION:
        raise CommandError(
            "confirmation.needed", text.confirmation_sentence(discovery), NEEDS_CONFIRMATION
        )
    return account_of(discovery, address, options.name.strip())


def _found(options: argparse.Namespace, streams: Streams, address: EmailAddress) -> Discovery:
    """Settings of a file need nothing of what looks for them."""
    run = run_options(options)
    if options.settings is not None:
        return settings_file(Path(options.settings), address)
    from mailsetup.cli.engine import Engine

    with Engine(run) as engine:
        discovery, _agreed = find_settings(options, streams, engine, address)
    return discovery


def unknown_program(program: str) -> CommandError:
    """The refusal of a word that is no program; it names those that are."""
    from mailsetup.apply.targets import TARGETS

    known = ", ".join(known.id for known in TARGETS)
    return CommandError(
        "usage",
        _("There is no program “{program}” here. Known: {known}.").format(
            program=program, known=known
        ),
    )
