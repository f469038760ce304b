"""The secret of a check and its renewal."""

import asyncio
from dataclasses import replace

import pytest

from mailsetup.assistant.check.current_secret import CurrentSecret
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import AccessToken, Secret
from mailsetup.model.settings import Authentication
from mailsetup.model.sign_in import SignInFailure, SignInFault
from tests.support.fault_table import account
from tests.support.oauth.sign_ins import sign_in_as, sign_in_way

SERVER = account(domain="bodega.es").incoming
REFUSED = Finding(FindingId.ACCOUNT_LOGIN_SIGN_IN_REFUSED, Status.FAIL, {"host": SERVER.host})


@pytest.mark.parametrize(
    ("secret", "kind", "fits"),
    [
        (Secret("x"), Authentication.PASSWORD_CLEARTEXT, True),
        (Secret("x"), Authentication.OAUTH2, False),
        (AccessToken("t"), Authentication.OAUTH2, True),
    ],
)
def test_a_password_does_not_fit_where_only_a_sign_in_is_accepted(
    secret: Secret, kind: Authentication, *, fits: bool
) -> None:
    assert CurrentSecret(secret).fit(replace(SERVER, authentication=(kind,))) is fits


def test_oauth_comes_first_where_a_token_was_accepted() -> None:
    both = (Authentication.PASSWORD_CLEARTEXT, Authentication.OAUTH2)
    server = replace(SERVER, authentication=both)
    assert CurrentSecret(Secret("x")).as_proven(server) == server
    proven = CurrentSecret(AccessToken("t")).as_proven(server)
    assert proven.authentication == (Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT)


async def test_two_servers_share_one_renewal() -> None:
    old = AccessToken("old")
    calls = []

    async def renew() -> AccessToken:
        calls.append(1)
        await asyncio.sleep(0)
        return AccessToken("new")

    credentials = CurrentSecret(old, renew)
    first, second = await asyncio.gather(credentials.has_renewed(old), credentials.has_renewed(old))
    assert first
    assert second
    assert len(calls) == 1


async def test_without_a_sign_in_nothing_is_renewed() -> None:
    secret = Secret("x")
    assert not await CurrentSecret(secret).has_renewed(secret)


async def test_a_failed_renewal_is_not_repeated_and_explains_the_refusal() -> None:
    old = AccessToken("old")
    calls = []

    async def renew() -> SignInFailure:
        calls.append(1)
        return SignInFailure(SignInFault.EXPIRED)

    credentials = CurrentSecret(old, renew)
    assert [await credentials.has_renewed(old) for _ in range(2)] == [False, False]
    assert len(calls) == 1
    way = sign_in_way(account(domain="bodega.es"), known=True)
    same = sign_in_as(way, str(way.account.address))
    assert credentials.explained(REFUSED, same).id is FindingId.ACCOUNT_LOGIN_SIGN_IN_EXPIRED


def test_a_sign_in_with_another_address_explains_the_refusal() -> None:
    way = sign_in_way(account(domain="bodega.es"), known=True)
    credentials = CurrentSecret(AccessToken("t"))
    found = credentials.explained(REFUSED, sign_in_as(way, "info@bodega.es"))
    assert found.id is FindingId.ACCOUNT_LOGIN_WRONG_ACCOUNT
    assert found.facts["chosen"] == "info@bodega.es"
    assert credentials.explained(REFUSED, None) == REFUSED
