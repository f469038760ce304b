"""An assistant on the real servers, and what every end of a sign-in has in common."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from mailsetup import i18n
from mailsetup.assistant.account_choice import choose_account
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.signin.flow import SignInWay
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


def options_of(servers: RealServers, **more: object) -> RunOptions:
    """How to reach the servers."""
    network = NetworkOptions(
        resolver=parse_resolver(servers.resolver),
        ca_files=(Path(servers.ca_file),),
        use_proxy=False,
    )
    return RunOptions(network=network, **more)  # type: ignore[arg-type]


@pytest.fixture
def keyring() -> MemoryKeyring:
    """Where sign-ins are kept."""
    return MemoryKeyring()


@pytest.fixture
async def assistant(
    servers: RealServers, issuer: Issuer, keyring: MemoryKeyring
) -> AsyncIterator[Assistant]:
    """The use cases, on the real servers."""
    made = Assistant(options_of(servers), Vault(lambda: keyring), lambda: ())
    yield made
    await made.close()


@pytest.fixture
async def account(assistant: Assistant) -> tuple[Account, AccountSettings]:
    """The account and its settings, as the domain publishes them."""
    address = EmailAddress.parse(ADDRESS)
    assert isinstance(address, EmailAddress)
    found = await assistant.discover(address)
    assert found.settings is not None
    chosen = choose_account(found.settings, address)
    assert chosen is not None
    return chosen, found.settings


@pytest.fixture
async def way(assistant: Assistant, account: tuple[Account, AccountSettings]) -> SignInWay:
    """Where one signs in for it."""
    found = await assistant.sign_ins.find_way(*account)
    assert isinstance(found, SignInWay)
    return found


def port_of(url: str) -> int:
    """Where the browser is to come back to."""
    redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
    return urlsplit(redirect).port or 0


def is_closed(port: int) -> bool:
    """Whether nobody listens on this computer's own port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def sentences(failure: SignInFailure) -> tuple[str, str]:
    """What a person is told, in both languages; whole sentences without a gap."""
    said = []
    for language in ("en", "es"):
        i18n.set_language(language)
        said.append(sign_in_sentence(failure))
    i18n.set_language("en")
    for sentence in said:
        assert sentence.rstrip().endswith(".")
        assert "{" not in sentence
        assert 20 < len(sentence) < 300
    return said[0], said[1]
