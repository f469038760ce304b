"""No secret goes to a host without agreement."""

from dataclasses import replace

import pytest

from mailsetup.assistant.check.confirmed_request import confirmed_request
from mailsetup.assistant.run_options import UnconfirmedError
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.secret import AccessToken
from mailsetup.model.settings import AccountSettings
from tests.support.assistant.scripted_check import request
from tests.support.fault_table import account
from tests.support.oauth.sign_ins import sign_in_as, sign_in_way

ACCOUNT = account(domain="bodega.es", incoming="imap.hoster.com", outgoing="smtp.hoster.com")
FOUND = Discovery(
    DiscoveryStatus.FOUND,
    AccountSettings((ACCOUNT.incoming,), (ACCOUNT.outgoing,)),
    confirm=("hoster.com",),
)


def test_hosts_that_nobody_agreed_to_get_no_password() -> None:
    wanted = request(account=ACCOUNT, discovery=FOUND)
    with pytest.raises(UnconfirmedError, match=r"hoster\.com"):
        confirmed_request(wanted, ())
    assert confirmed_request(wanted, ("hoster.com",)) == wanted
    agreed = replace(wanted, agreed=("hoster.com",))
    assert confirmed_request(agreed, ()) == agreed


def test_servers_that_were_not_found_need_no_agreement() -> None:
    wanted = request(account=account(domain="bodega.es"), discovery=FOUND)
    assert confirmed_request(wanted, ()) == wanted


def test_a_token_goes_to_servers_of_its_provider_only() -> None:
    way = sign_in_way(ACCOUNT, known=True)
    other = replace(ACCOUNT.incoming, host="imap.otra.es")
    microsoft = replace(ACCOUNT.incoming, host="outlook.office365.com")
    wanted = request(
        account=ACCOUNT,
        secret=AccessToken("t"),
        sign_in=sign_in_as(way, "ana@bodega.es"),
        alternatives=(other, microsoft),
    )
    assert confirmed_request(wanted, ()).alternatives == (microsoft,)
    unconfirmed = replace(way, confirm=("hoster.com",))
    with pytest.raises(UnconfirmedError):
        confirmed_request(replace(wanted, sign_in=sign_in_as(unconfirmed, "ana@bodega.es")), ())
    with pytest.raises(UnconfirmedError):
        confirmed_request(replace(wanted, sign_in=None), ())
