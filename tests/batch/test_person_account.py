"""From what was found for a person to the account that is set up."""

import pytest

from mailsetup.batch.person_account import account_result, given_settings
from mailsetup.batch.result import PersonState
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.settings import AccountSettings, SocketType
from mailsetup.model.settings_json import SettingsFailure
from tests.support.batch.people import person
from tests.support.samples.accounts import account

ANA = person("ana@bodega.example")


def found(
    status: DiscoveryStatus = DiscoveryStatus.FOUND, security: SocketType = SocketType.TLS
) -> Discovery:
    one = account(security=security)
    settings = AccountSettings((one.incoming,), (one.outgoing,))
    return Discovery(status, settings, confirm=("hoster.example",))


def test_found_settings_become_an_account() -> None:
    result = account_result(ANA, found())
    assert result.state is PersonState.READY
    assert result.account is not None
    assert result.account.person == ANA.name


@pytest.mark.parametrize(
    ("discovery", "state", "words"),
    [
        (
            found(DiscoveryStatus.NEEDS_CONFIRMATION),
            PersonState.NEEDS_CONFIRMATION,
            "hoster.example",
        ),
        (Discovery(DiscoveryStatus.NOT_FOUND), PersonState.NO_SETTINGS, "No settings were found"),
        (found(security=SocketType.NONE), PersonState.NO_SETTINGS, "encrypted"),
        (
            SettingsFailure("", "The file says nothing."),
            PersonState.NO_SETTINGS,
            "says nothing",
        ),
    ],
)
def test_without_an_account_the_reason_is_a_sentence(
    discovery: Discovery | SettingsFailure, state: PersonState, words: str
) -> None:
    result = account_result(ANA, discovery)
    assert (result.state, result.account) == (state, None)
    assert words in result.reason


def test_without_a_settings_file_nothing_is_given() -> None:
    assert given_settings(ANA) is None
