"""The sign-in in the person's browser: authorization code with PKCE (RFC 8252, 7636, 9207)."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from oauthlib.oauth2 import WebApplicationClient

from mailsetup.model.sign_in import Client, SignInFailure, SignInFault, Tokens
from mailsetup.net.loopback import (
    LoopbackFailure,
    LoopbackFault,
    LoopbackPage,
    open_loopback_redirect,
)
from mailsetup.net.network import Network
from mailsetup.oauth.provider import OAuthProvider
from mailsetup.oauth.registration import register
from mailsetup.oauth.tokens import (
    exchange_code,
    failure_from_error,
    missing_scopes,
    query_parameters,
    userinfo_address,
)

TIMEOUT = 300.0
"""Seconds until the redirect: the person may have to find a password or a second factor."""

OpenBrowser = Callable[[str], None]
"""Opens a URL in the person's browser, or shows it."""


@dataclass(frozen=True, slots=True)
class PageTexts:
    """The response pages of the loopback redirect: HTML documents in the person's language."""

    done: str
    denied: str
    failed: str
    unrelated: str
    """For a redirect that does not belong to this sign-in."""


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """A sign-in in the browser.

    ``client`` is None where the program registers itself (RFC 7591). ``address`` is the login hint
    for the sign-in page. With ``choose_account`` the page offers a choice of accounts, also where
    the browser is signed in already. ``timeout`` is in seconds.
    """

    provider: OAuthProvider
    client: Client | None
    scopes: tuple[str, ...]
    needed: tuple[str, ...]
    """The scopes without which mail does not work."""
    address: str
    pages: PageTexts
    choose_account: bool = False
    timeout: float = TIMEOUT


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Tokens, and the client to which they were issued, which may have been registered now."""

    client: Client
    tokens: Tokens


async def sign_in_by_browser(
    request: BrowserRequest, open_browser: OpenBrowser, net: Network
) -> SignedIn | SignInFailure:
    """Open the browser, wait for its redirect, and exchange the code for tokens.

    The port is closed at the end, also after a cancellation.
    """
    return await _BrowserSignIn(request, open_browser, net).run()


class _BrowserSignIn:
    def __init__(self, request: BrowserRequest, open_browser: OpenBrowser, net: Network) -> None:
        self._request = request
        self._open_browser = open_browser
        self._net = net
        self._state = secrets.token_urlsafe(32)
        self._nonce = secrets.token_urlsafe(32)
        self._path = "/"
        self._code = ""
        self._failure: SignInFailure | None = None
        self._has_foreign_redirects = False
        """Whether a redirect with another state was received (RFC 6749 section 10.12)."""

    async def run(self) -> SignedIn | SignInFailure:
        provider, client = self._request.provider, self._request.client
        fixed = urlsplit(client.redirect) if client is not None and client.redirect else None
        host = (fixed.hostname if fixed else None) or provider.redirect_host
        self._path = (fixed.path if fixed else "") or "/"
        port = (fixed.port if fixed else None) or 0
        if client is None:
            # Each provider with registration has its own redirect URI, so that another one's
            # response is not mistaken for its response (RFC 9700 section 4.4.2).
            self._path = "/" + hashlib.sha256(provider.issuer.encode()).hexdigest()[:16]
        async with open_loopback_redirect(
            self._respond, port=port, both_families=host == "localhost"
        ) as server:
            if isinstance(server, LoopbackFailure):
                is_port_taken = server.fault is LoopbackFault.PORT_TAKEN
                fault = SignInFault.PORT_TAKEN if is_port_taken else SignInFault.NO_LOOPBACK
                return SignInFailure(fault, port=server.port)
            redirect = client.redirect if client is not None else ""
            # Without a final slash, as Google and Microsoft document it: providers compare it with
            # the registered one.
            redirect = redirect or f"http://{host}:{server.port}{self._path.rstrip('/')}"
            if client is None:
                registered = await register(provider, self._request.scopes, redirect, self._net)
                if isinstance(registered, SignInFailure):
                    return registered
                client = registered
            verifier, url = self._authorization_request(client, redirect)
            self._open_browser(url)
            try:
                async with asyncio.timeout(self._request.timeout):
                    await server.wait()
            except TimeoutError:
                foreign = SignInFault.WRONG_STATE if self._has_foreign_redirects else None
                return SignInFailure(foreign or SignInFault.TIMED_OUT)
        if self._failure is not None:
            return self._failure
        return await self._exchange(client, redirect, verifier)

    def _authorization_request(self, client: Client, redirect: str) -> tuple[str, str]:
        """The code verifier, and the URL of the authorization request."""
        provider = self._request.provider
        oauth = WebApplicationClient(client.id)
        verifier = oauth.create_code_verifier(64)
        parameters = dict(provider.extra)
        if self._request.choose_account:
            parameters["prompt"] = f"select_account {parameters.get('prompt', '')}".strip()
        if provider.resource:
            parameters["resource"] = provider.resource
        if "openid" in self._request.scopes:
            parameters["nonce"] = self._nonce
        url = oauth.prepare_request_uri(
            provider.authorize,
            redirect_uri=redirect,
            scope=list(self._request.scopes),
            state=self._state,
            code_challenge=oauth.create_code_challenge(verifier, "S256"),
            code_challenge_method="S256",
            login_hint=self._request.address,
            **parameters,
        )
        return verifier, url

    def _respond(self, target: str) -> LoopbackPage:
        pages = self._request.pages
        if urlsplit(target).path != self._path or "?" not in target:
            # The browser's own requests, such as for an icon.
            return LoopbackPage(404, "")
        if self._code or self._failure is not None:
            # Only the first redirect is used: another one, with another code, may be an attack.
            return LoopbackPage(400, pages.unrelated)
        found = query_parameters(target)
        state = found.get("state", "") if found is not None else ""
        if found is None or not secrets.compare_digest(state.encode(), self._state.encode()):
            # Any web page and any local program can request this URL: go on waiting.
            self._has_foreign_redirects = True
            return LoopbackPage(400, pages.unrelated)
        self._failure = self._redirect_failure(found)
        if self._failure is None:
            self._code = found["code"]
            return LoopbackPage(200, pages.done, last=True)
        denied = self._failure.fault is SignInFault.DENIED
        return LoopbackPage(200, pages.denied if denied else pages.failed, last=True)

    def _redirect_failure(self, found: dict[str, str]) -> SignInFailure | None:
        provider = self._request.provider
        issuer = found.get("iss")
        if (issuer is None and provider.sends_issuer) or (
            issuer is not None and provider.issuer and not provider.accepts_issuer(issuer)
        ):
            return SignInFailure(SignInFault.WRONG_ISSUER, (issuer or "—")[:200])
        if "error" in found:
            return failure_from_error(found["error"], found.get("error_description", ""))
        if not found.get("code"):
            return SignInFailure(SignInFault.MALFORMED)
        return None

    async def _exchange(
        self, client: Client, redirect: str, verifier: str
    ) -> SignedIn | SignInFailure:
        provider = self._request.provider
        tokens = await exchange_code(
            provider,
            client,
            self._code,
            verifier=verifier,
            redirect=redirect,
            nonce=self._nonce,
            net=self._net,
        )
        if isinstance(tokens, SignInFailure):
            return tokens
        return await verified(provider, client, tokens, self._request.needed, self._net)


async def verified(
    provider: OAuthProvider, client: Client, tokens: Tokens, needed: tuple[str, ...], net: Network
) -> SignedIn | SignInFailure:
    """The tokens if their scopes are sufficient for mail, with the address of their user."""
    missing = missing_scopes(needed, tokens.scopes)
    if missing:
        return SignInFailure(SignInFault.SCOPE_MISSING, " ".join(missing)[:200])
    if not tokens.signed_in_as:
        tokens = replace(tokens, signed_in_as=await userinfo_address(provider, tokens, net))
    return SignedIn(client, tokens)
