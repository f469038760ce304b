"""Address, settings and account of a command, read from its arguments."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from mailsetup.assistant.account_choice import choose_account
from mailsetup.assistant.settings_file import SettingsFileFailure, read_settings_file
from mailsetup.assistant.texts.common import address_fault_sentence, domain_shown
from mailsetup.cli import text
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.streams import Streams
from mailsetup.files.user_file import PIPE_SECONDS
from mailsetup.i18n import _
from mailsetup.model.address import AddressFailure, EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding_id import FindingId
from mailsetup.model.hostname import to_a_label
from mailsetup.model.settings import Account, AccountSettings
from mailsetup.model.text import has_control

_MAX_NAME = 200


def parse_address(typed: str) -> EmailAddress:
    """An address as typed. Raises `CommandError`."""
    parsed = EmailAddress.parse(typed)
    if isinstance(parsed, AddressFailure):
        raise CommandError(FindingId.CLIENT_ADDRESS_MALFORMED, address_fault_sentence(parsed.fault))
    return parsed


def parse_domain(typed: str) -> str:
    """A domain as typed, in A-labels. Raises `CommandError`."""
    domain = to_a_label(typed)
    if domain is None or "." not in domain:
        raise CommandError("usage", _("A domain is needed, such as company.com."))
    return domain


def parse_name(typed: str) -> str:
    """The name of a person as typed. Raises `CommandError`."""
    if has_control(typed) or len(typed) > _MAX_NAME:
        raise CommandError("usage", _("The name holds control characters or is too long."))
    return typed.strip()


def settings_from_file(path: Path, address: EmailAddress) -> Discovery:
    """The settings of a file as if they had been found. Raises `CommandError`."""
    read = read_settings_file(path, address, pipe_seconds=PIPE_SECONDS)
    if isinstance(read, SettingsFileFailure):
        raise CommandError(read.id, read.sentence)
    return read


def confirmed(discovery: Discovery, streams: Streams) -> tuple[Discovery, Collection[str]]:
    """Ask the user to confirm the settings where that is needed and possible.

    Returns the discovery, unchanged without a yes, and the domains that the user agreed to.
    """
    if not agrees(discovery, streams):
        return discovery, ()
    return replace(discovery, outcome=DiscoveryStatus.FOUND, confirm=()), discovery.confirm


def agrees(discovery: Discovery, streams: Streams) -> bool:
    """Whether the user says yes to what the discovery needs confirmed; False if nobody is asked."""
    if discovery.outcome is not DiscoveryStatus.NEEDS_CONFIRMATION or not streams.can_ask:
        return False
    domains = ", ".join(map(domain_shown, discovery.confirm))
    if discovery.settings is None:
        question = _("Your domain sends us on to {domains}. May we ask there? [y/N] ")
    else:
        text.write_discovery(discovery, streams.stderr)
        question = _("Is {domains} the company that keeps your mail? [y/N] ")
    return streams.confirms(question.format(domains=domains))


def confirmed_settings(
    discovery: Discovery, address: EmailAddress, streams: Streams
) -> AccountSettings:
    """The settings after the user's confirmation. Raises `CommandError` without any."""
    discovery, _agreed = confirmed(discovery, streams)
    require_confirmation(discovery)
    if discovery.settings is None or discovery.outcome is DiscoveryStatus.NOT_FOUND:
        raise CommandError(
            "settings.not-found",
            _("No settings were found for {address}. Give them with --settings.").format(
                address=address
            ),
            ExitStatus.NOT_FOUND,
        )
    return discovery.settings


def require_confirmation(discovery: Discovery) -> None:
    """Raise `CommandError` where the settings may not be used without the user's agreement."""
    if discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION:
        raise CommandError(
            "confirmation.needed",
            text.confirmation_sentence(discovery),
            ExitStatus.NEEDS_CONFIRMATION,
        )


def account_from(settings: AccountSettings | None, address: EmailAddress, person: str) -> Account:
    """The account with the preferred servers. Raises `CommandError` where one is missing."""
    account = choose_account(settings, address, person) if settings else None
    if account is None:
        raise CommandError(
            "settings.incomplete",
            _("These settings do not name both an incoming and an outgoing encrypted server."),
            ExitStatus.NOT_FOUND,
        )
    return account
