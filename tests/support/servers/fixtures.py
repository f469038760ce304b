"""The fixture ``world``: real servers, one set for each test process, started when first asked."""

import os
from collections.abc import Iterator

import pytest

from tests.support.servers.oauth_issuer import Issuer
from tests.support.servers.real_servers import World, missing


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Dovecot, Postfix, knot and nginx. Missing servers fail in CI and skip elsewhere."""
    reason = missing()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    running = World()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def issuer(world: World) -> Iterator[Issuer]:
    """Where people sign in, with mail servers that take its tokens; without what was before."""
    running = world.start_sign_in()
    running.reset()
    yield running
    running.reset()
    assert running.crashes == []
