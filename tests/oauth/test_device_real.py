"""The device authorization grant (RFC 8628) at a real provider."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailsetup.assistant.events import Event, SignInCode
from mailsetup.assistant.signin.flow import SignIn, SignInMeans, SignInMethod, sign_in
from mailsetup.model.sign_in import Client, SignInFailure, SignInFault
from mailsetup.net.network import Network, open_network
from tests.oauth.conftest import ADDRESS, options_of, sentences
from tests.support.oauth.person import open_no_page
from tests.support.servers.oauth_issuer import Issuer
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers


class QuickClock:
    """A clock that does not wait; ``slept`` are the requested waits in seconds."""

    def __init__(self, on_sleep: Callable[[int], None] = lambda _count: None) -> None:
        self.slept: list[float] = []
        self._on_sleep = on_sleep

    def monotonic(self) -> float:
        return sum(self.slept)

    def now(self) -> datetime:
        return datetime(2026, 11, 28, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._on_sleep(len(self.slept))
        await asyncio.sleep(0)


@pytest.fixture
async def net(servers: RealServers) -> AsyncIterator[Network]:
    async with open_network(options_of(servers).network) as made:
        yield made


async def by_device(
    method: SignInMethod, net: Network, issuer: Issuer, *, allow: bool | None = True
) -> tuple[SignIn | SignInFailure, list[Event], QuickClock]:
    events: list[Event] = []

    def decide(count: int) -> None:
        shown = [event for event in events if isinstance(event, SignInCode)]
        if count == 3 and allow is not None:
            issuer.decide(shown[0].code, ADDRESS, allow=allow)

    clock = QuickClock(decide)
    made = await sign_in(
        method, SignInMeans.DEVICE, replace(net, clock=clock), events.append, open_no_page
    )
    return made, events, clock


async def test_code_is_shown_and_polled_until_it_is_entered(
    issuer: Issuer, method: SignInMethod, net: Network
) -> None:
    made, events, clock = await by_device(method, net, issuer)
    assert isinstance(made, SignIn)
    assert len(made.token.reveal()) > 1000
    assert made.signed_in_as == ADDRESS
    shown = events[0]
    assert isinstance(shown, SignInCode)
    assert shown.page == "https://id.acceso.test/codigo"
    assert len(shown.code) == 9
    assert clock.slept[:3] == [1.0, 1.0, 1.0]


async def test_slow_down_increases_the_interval(
    issuer: Issuer, method: SignInMethod, net: Network
) -> None:
    issuer.faults.add("slow-down")
    made, _events, clock = await by_device(method, net, issuer)
    assert isinstance(made, SignIn)
    assert clock.slept == [1.0, 6.0, 11.0]


async def test_denied_code_is_reported(issuer: Issuer, method: SignInMethod, net: Network) -> None:
    made, _events, _clock = await by_device(method, net, issuer, allow=False)
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.DENIED
    sentences(made)
    assert issuer.tokens == []


async def test_unused_code_expires(issuer: Issuer, method: SignInMethod, net: Network) -> None:
    issuer.faults.add("old-codes")
    made, _events, _clock = await by_device(method, net, issuer, allow=None)
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.TIMED_OUT


async def test_unknown_client_id_is_reported(
    issuer: Issuer, method: SignInMethod, net: Network
) -> None:
    unknown = replace(method, client=Client("de-nadie"))
    made, _events, _clock = await by_device(unknown, net, issuer)
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.CLIENT_REFUSED
    assert "id of this program" in sentences(made)[0]


async def test_code_of_another_providers_page_is_not_shown(
    issuer: Issuer, method: SignInMethod, net: Network
) -> None:
    issuer.faults.add("foreign-page")
    made, events, _clock = await by_device(method, net, issuer)
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.MALFORMED
    assert events == []


async def test_provider_without_the_device_grant_is_reported(
    issuer: Issuer, method: SignInMethod, net: Network
) -> None:
    without = replace(method, provider=replace(method.provider, device=""))
    made, _events, _clock = await by_device(without, net, issuer)
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.DEVICE_UNSUPPORTED
    sentences(made)
