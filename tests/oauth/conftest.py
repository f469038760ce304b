"""An assistant with the real servers, and checks of every sign-in's result."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from mailsetup import i18n
from mailsetup.assistant.account_choice import choose_account
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.signin.flow import SignInMethod
from mailsetup.assistant.texts.signin import sign_in_sentence
from mailsetup.model.address import EmailAddress
from mailsetup.model.network_options import NetworkOptions, parse_resolver
from mailsetup.model.settings import Account, AccountSettings
from mailsetup.model.sign_in import SignInFailure
from mailsetup.vault import Vault
from tests.support.oauth.keyring import MemoryKeyring
from tests.support.servers.oauth_issuer import Issuer
from tests.support.servers.real_servers import RealServers

ADDRESS = "ana@acceso.test"


def options_of(servers: RealServers, *, oauth_client_id: str = "") -> RunOptions:
    """Options with the servers' name server and authority."""
    network = NetworkOptions(
        resolver=parse_resolver(servers.resolver),
        ca_files=(Path(servers.ca_file),),
        use_proxy=False,
    )
    return RunOptions(network=network, oauth_client_id=oauth_client_id)


@pytest.fixture
def keyring() -> MemoryKeyring:
    """The keyring in which sign-ins are stored."""
    return MemoryKeyring()


@pytest.fixture
async def assistant(
    servers: RealServers, issuer: Issuer, keyring: MemoryKeyring
) -> AsyncIterator[Assistant]:
    """The assistant with the real servers."""
    made = Assistant(options_of(servers), Vault(lambda: keyring), lambda: ())
    yield made
    await made.close()


@pytest.fixture
async def account(assistant: Assistant) -> tuple[Account, AccountSettings]:
    """The account and its settings from the domain."""
    address = EmailAddress.parse(ADDRESS)
    assert isinstance(address, EmailAddress)
    found = await assistant.discover(address)
    assert found.settings is not None
    chosen = choose_account(found.settings, address)
    assert chosen is not None
    return chosen, found.settings


@pytest.fixture
async def method(assistant: Assistant, account: tuple[Account, AccountSettings]) -> SignInMethod:
    """The sign-in of the account."""
    found = await assistant.sign_ins.find_method(*account)
    assert isinstance(found, SignInMethod)
    return found


def port_of(url: str) -> int:
    """The port of the redirect URI in an authorization request."""
    redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
    return urlsplit(redirect).port or 0


def is_closed(port: int) -> bool:
    """Whether a loopback port refuses connections."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def sentences(failure: SignInFailure) -> tuple[str, str]:
    """The message in both languages, checked to be complete sentences."""
    messages = []
    for language in ("en", "es"):
        i18n.set_language(language)
        messages.append(sign_in_sentence(failure))
    i18n.set_language("en")
    for sentence in messages:
        assert sentence.rstrip().endswith(".")
        assert "{" not in sentence
        assert 20 < len(sentence) < 300
    return messages[0], messages[1]
