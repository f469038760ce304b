"""The fixture ``servers``: real servers, started once for each test process at first use."""

import os
from collections.abc import Iterator

import pytest

from tests.support.servers.availability import missing
from tests.support.servers.oauth_issuer import Issuer
from tests.support.servers.real_servers import RealServers


@pytest.fixture(scope="session")
def servers() -> Iterator[RealServers]:
    """Dovecot, Postfix, knot and nginx. Missing servers fail in CI and skip elsewhere."""
    reason = missing()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    running = RealServers()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def issuer(servers: RealServers) -> Iterator[Issuer]:
    """The OpenID provider, with mail servers that take its tokens; reset before each test."""
    running = servers.start_sign_in()
    running.reset()
    yield running
    running.reset()
    assert running.crashes == []
