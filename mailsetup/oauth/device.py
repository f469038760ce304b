"""The sign-in by a code, typed into a browser on any other device (RFC 8628)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from mailsetup.model.hostname import https_url
from mailsetup.model.sign_in import Client, SignInFailure, SignInFault
from mailsetup.model.text import plain
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import owned_domain
from mailsetup.oauth.browser import SignedIn, checked
from mailsetup.oauth.provider import OAuthProvider, is_builtin
from mailsetup.oauth.registration import register
from mailsetup.oauth.tokens import post, read_tokens

_LONGEST = 900.0
_INTERVAL = 5.0
"""Seconds between two questions where the provider does not say (section 3.2)."""
_SLOWER = 5.0
"""Seconds more after each ``slow_down`` (section 3.5)."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the person does elsewhere: open the page, type the code. It lasts so many seconds."""

    page: str
    code: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """What to sign in for, as in `BrowserRequest`. ``patience`` is in seconds."""

    provider: OAuthProvider
    client: Client | None
    scopes: tuple[str, ...]
    needed: tuple[str, ...]
    patience: float = _LONGEST


async def sign_in_by_device(
    request: DeviceRequest, show: Callable[[DeviceCode], None], net: Network
) -> SignedIn | SignInFailure:
    """Get a code, show it, and ask until the person has used it."""
    provider, client = request.provider, request.client
    if not provider.device:
        return SignInFailure(SignInFault.DEVICE_UNSUPPORTED)
    if client is None:
        # No browser comes back here, but a registration wants to know where one would.
        redirect = f"http://{provider.redirect_host}"
        registered = await register(provider, request.scopes, redirect, net)
        if isinstance(registered, SignInFailure):
            return registered
        client = registered
    begun = await _begin(provider, client, request.scopes, net)
    if isinstance(begun, SignInFailure):
        return begun
    secret, shown, interval = begun
    show(shown)
    try:
        async with asyncio.timeout(min(shown.seconds, request.patience)):
            return await _wait(provider, client, request.needed, secret, interval, net)
    except TimeoutError:
        return SignInFailure(SignInFault.TIMED_OUT)


async def _begin(
    provider: OAuthProvider, client: Client, scopes: tuple[str, ...], net: Network
) -> tuple[str, DeviceCode, float] | SignInFailure:
    form = {"client_id": client.id, "scope": " ".join(scopes)}
    if client.secret is not None:
        form["client_secret"] = client.secret.reveal()
    said = await post(provider.device, urlencode(form), net)
    if isinstance(said, SignInFailure):
        return said
    secret, code = said.get("device_code"), said.get("user_code")
    # Google's older form of the name (section 3.2 has "verification_uri").
    page = https_url(said.get("verification_uri") or said.get("verification_url"))
    if not (isinstance(secret, str) and secret and isinstance(code, str) and code and page):
        return SignInFailure(SignInFault.MALFORMED)
    if not is_builtin(provider) and _owner(page) != _owner(provider.token):
        # Somebody else's code, to be let in there in the person's name (RFC 8628 section 5.4).
        return SignInFailure(SignInFault.MALFORMED, plain(page, 200))
    seconds = _seconds(said.get("expires_in"), 300.0, _LONGEST)
    interval = _seconds(said.get("interval"), _INTERVAL, 60.0)
    return secret, DeviceCode(page, plain(code, 40), seconds), interval


def _owner(url: str) -> str:
    return owned_domain(urlsplit(url).hostname or "")


def _seconds(value: object, otherwise: float, most: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return min(float(value), most)
    return otherwise


async def _wait(
    provider: OAuthProvider,
    client: Client,
    needed: tuple[str, ...],
    secret: str,
    interval: float,
    net: Network,
) -> SignedIn | SignInFailure:
    from oauthlib.oauth2 import DeviceClient

    more = {"client_secret": client.secret.reveal()} if client.secret is not None else {}
    body = DeviceClient(client.id).prepare_request_body(secret, include_client_id=True, **more)
    while True:
        await net.clock.sleep(interval)
        said = await post(provider.token, body, net)
        if not isinstance(said, SignInFailure):
            tokens = read_tokens(said, client, net)
            if isinstance(tokens, SignInFailure):
                return tokens
            return await checked(provider, client, tokens, needed, net)
        word = said.detail.partition(":")[0]
        if word == "slow_down":
            interval += _SLOWER
        elif word != "authorization_pending" and said.fault is not SignInFault.UNREACHABLE:
            return said
