"""From a person and what was found for their domain to the account that is set up."""

from mailsetup.assistant.account_choice import choose_account, settings_discovery
from mailsetup.batch.result import PersonResult, PersonState
from mailsetup.batch.table_check import Person
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.settings import AccountSettings
from mailsetup.model.settings_json import SettingsFailure

_NO_SETTINGS = AccountSettings((), ())


def given_settings(person: Person) -> Discovery | SettingsFailure | None:
    """The person's own settings file as a discovery; None where there is none."""
    if person.settings is None:
        return None
    settings = person.settings.settings_for(person.address)
    if isinstance(settings, SettingsFailure):
        return settings
    return settings_discovery(settings, str(person.settings.path))


def account_result(person: Person, discovery: Discovery | SettingsFailure) -> PersonResult:
    """The person's account (state READY), or why there is none."""
    if isinstance(discovery, SettingsFailure):
        return PersonResult(person, PersonState.NO_SETTINGS, discovery.problem)
    if discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION:
        names = ", ".join(discovery.confirm)
        reason = _("The mail is kept by {domains}. Agree to that first.").format(domains=names)
        return PersonResult(person, PersonState.NEEDS_CONFIRMATION, reason, discovery)
    if discovery.outcome is DiscoveryStatus.NOT_FOUND:
        reason = _("No settings were found. Give them with a settings file.")
        return PersonResult(person, PersonState.NO_SETTINGS, reason, discovery)
    account = choose_account(discovery.settings or _NO_SETTINGS, person.address, person.name)
    if account is None:
        reason = _("These settings do not name both an incoming and an outgoing encrypted server.")
        return PersonResult(person, PersonState.NO_SETTINGS, reason, discovery)
    refused = validate(account)
    if refused is not None:
        return PersonResult(person, PersonState.NOT_WRITTEN, refused.reason, discovery)
    return PersonResult(person, PersonState.READY, discovery=discovery, account=account)
