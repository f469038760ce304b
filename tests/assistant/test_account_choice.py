"""The account made from settings: its servers, their owners, and other user names."""

from dataclasses import replace

from mailsetup.assistant.account_choice import (
    alternatives_to,
    choose_account,
    password_domains,
    settings_discovery,
    settings_domains,
    unproven_owners,
    username_forms,
)
from mailsetup.model.discovery import DiscoveryStatus
from mailsetup.model.settings import AccountSettings, Authentication, Protocol, SocketType
from tests.support.fault_table import account

ACCOUNT = account(domain="bodega.es", incoming="imap.bodega.es", outgoing="smtp.hoster.com")
IMAP, SMTP = ACCOUNT.incoming, ACCOUNT.outgoing
POP3 = replace(IMAP, protocol=Protocol.POP3, port=995)
OTHER = replace(IMAP, host="imap.otra.es")


def test_imap_is_preferred_to_pop3() -> None:
    chosen = choose_account(AccountSettings((POP3, IMAP), (SMTP,)), ACCOUNT.address, "Ana")
    assert chosen is not None
    assert (chosen.incoming, chosen.outgoing, chosen.person) == (IMAP, SMTP, "Ana")
    only = choose_account(AccountSettings((POP3,), (SMTP,)), ACCOUNT.address)
    assert only is not None
    assert only.incoming == POP3


def test_unencrypted_servers_are_not_chosen() -> None:
    plain = replace(IMAP, security=SocketType.NONE)
    assert choose_account(AccountSettings((plain,), (SMTP,)), ACCOUNT.address) is None
    assert choose_account(AccountSettings((IMAP,), ()), ACCOUNT.address) is None
    assert alternatives_to(ACCOUNT, AccountSettings((IMAP, plain, OTHER, POP3), (SMTP,))) == (
        OTHER,
    )


def test_a_server_that_accepts_a_password_comes_first() -> None:
    only_oauth = replace(OTHER, authentication=(Authentication.OAUTH2,))
    chosen = choose_account(AccountSettings((only_oauth, IMAP), (SMTP,)), ACCOUNT.address)
    assert chosen is not None
    assert chosen.incoming == IMAP


def test_the_owners_of_servers_are_registrable_domains() -> None:
    settings = AccountSettings((IMAP, OTHER), (SMTP,))
    found = settings_discovery(settings, "settings.json")
    assert found.outcome is DiscoveryStatus.FOUND
    assert set(settings_domains(found)) == {"bodega.es", "otra.es", "hoster.com"}
    assert set(password_domains(ACCOUNT, settings)) == {"bodega.es", "otra.es", "hoster.com"}
    assert set(password_domains(ACCOUNT, None)) == {"bodega.es", "hoster.com"}
    unproven = replace(found, confirm=("hoster.com",))
    assert unproven_owners(unproven, ACCOUNT.hosts) == ("hoster.com",)
    assert unproven_owners(unproven, [IMAP.host]) == ()


def test_other_user_names_are_derived_from_the_address() -> None:
    whole = ACCOUNT.address.ascii
    assert username_forms(ACCOUNT.address, IMAP) == ("ana", "ana%bodega.es")
    assert username_forms(ACCOUNT.address, replace(IMAP, username="ana")) == (
        whole,
        "ana%bodega.es",
    )
