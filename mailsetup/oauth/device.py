"""The device authorization grant (RFC 8628): a code for a browser on another device."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from oauthlib.oauth2 import DeviceClient

from mailsetup.model.hostname import https_url
from mailsetup.model.sign_in import Client, SignInFailure, SignInFault
from mailsetup.model.text import plain
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import url_owner
from mailsetup.oauth.browser import SignedIn, verified
from mailsetup.oauth.provider import OAuthProvider, is_builtin
from mailsetup.oauth.registration import register
from mailsetup.oauth.tokens import post, read_tokens

_MAX_LIFETIME = 900.0
_INTERVAL = 5.0
"""Seconds between two token requests where the provider gives none (section 3.2)."""
_SLOW_DOWN = 5.0
"""Additional seconds after each ``slow_down`` (section 3.5)."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """The code to enter at ``page`` on any device; it is valid for ``seconds``."""

    page: str
    code: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """A sign-in, as in `BrowserRequest`."""

    provider: OAuthProvider
    client: Client | None
    scopes: tuple[str, ...]
    needed: tuple[str, ...]


async def sign_in_by_device(
    request: DeviceRequest, show: Callable[[DeviceCode], None], net: Network
) -> SignedIn | SignInFailure:
    """Request a code, show it, and poll for the tokens until the person has entered it."""
    provider, client = request.provider, request.client
    if not provider.device:
        return SignInFailure(SignInFault.DEVICE_UNSUPPORTED)
    if client is None:
        # There is no redirect, but a registration requires a redirect URI.
        redirect = f"http://{provider.redirect_host}"
        registered = await register(provider, request.scopes, redirect, net)
        if isinstance(registered, SignInFailure):
            return registered
        client = registered
    started = await _request_code(provider, client, request.scopes, net)
    if isinstance(started, SignInFailure):
        return started
    secret, shown, interval = started
    show(shown)
    try:
        async with asyncio.timeout(shown.seconds):
            return await _poll(provider, client, request.needed, secret, interval, net)
    except TimeoutError:
        return SignInFailure(SignInFault.TIMED_OUT)


async def _request_code(
    provider: OAuthProvider, client: Client, scopes: tuple[str, ...], net: Network
) -> tuple[str, DeviceCode, float] | SignInFailure:
    form = {"client_id": client.id, "scope": " ".join(scopes)}
    if client.secret is not None:
        form["client_secret"] = client.secret.reveal()
    reply = await post(provider.device, urlencode(form), net)
    if isinstance(reply, SignInFailure):
        return reply
    secret, code = reply.get("device_code"), reply.get("user_code")
    # Google's older form of the name (section 3.2 has "verification_uri").
    page = https_url(reply.get("verification_uri") or reply.get("verification_url"))
    if not (isinstance(secret, str) and secret and isinstance(code, str) and code and page):
        return SignInFailure(SignInFault.MALFORMED)
    if not is_builtin(provider) and url_owner(page) != url_owner(provider.token):
        # A code that an attacker requested from another provider: entering it would give the
        # attacker the tokens (RFC 8628 section 5.4).
        return SignInFailure(SignInFault.MALFORMED, plain(page, 200))
    seconds = _seconds(reply.get("expires_in"), 300.0, _MAX_LIFETIME)
    interval = _seconds(reply.get("interval"), _INTERVAL, 60.0)
    return secret, DeviceCode(page, plain(code, 40), seconds), interval


def _seconds(value: object, default: float, maximum: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return min(float(value), maximum)
    return default


async def _poll(
    provider: OAuthProvider,
    client: Client,
    needed: tuple[str, ...],
    secret: str,
    interval: float,
    net: Network,
) -> SignedIn | SignInFailure:
    credentials = {"client_secret": client.secret.reveal()} if client.secret is not None else {}
    body = DeviceClient(client.id).prepare_request_body(
        secret, include_client_id=True, **credentials
    )
    while True:
        await net.clock.sleep(interval)
        reply = await post(provider.token, body, net)
        if not isinstance(reply, SignInFailure):
            tokens = read_tokens(reply, client, net)
            if isinstance(tokens, SignInFailure):
                return tokens
            return await verified(provider, client, tokens, needed, net)
        error = reply.detail.partition(":")[0]
        if error == "slow_down":
            interval += _SLOW_DOWN
        elif error != "authorization_pending" and reply.fault is not SignInFault.UNREACHABLE:
            return reply
