"""The sign-in in the person's own browser: authorization code with PKCE (RFC 8252, 7636, 9207)."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from mailsetup.model.sign_in import Client, SignInFailure, SignInFault, Tokens
from mailsetup.net.loopback import LoopbackFailure, LoopbackFault, LoopbackPage, open_landing
from mailsetup.net.network import Network
from mailsetup.oauth.provider import OAuthProvider
from mailsetup.oauth.registration import register
from mailsetup.oauth.tokens import ask_who, missing_scopes, query_of, redeem, refusal

PATIENCE = 300.0
"""Seconds for the person to find the password, the telephone with the code, the right button."""

OpenBrowser = Callable[[str], None]
"""Shows a page in the person's browser, or offers its address."""


@dataclass(frozen=True, slots=True)
class PageTexts:
    """What the browser shows at the end, in the person's language: whole pages of HTML."""

    done: str
    denied: str
    failed: str
    elsewhere: str
    """For whoever comes with an answer that does not belong here."""


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """What to sign in for.

    ``client`` is None where the provider takes programs that register themselves. ``address`` is
    told to the sign-in page, so that it begins with the right account. ``choose_account`` asks it
    for the choice, also where somebody is signed in already. ``patience`` is in seconds.
    """

    provider: OAuthProvider
    client: Client | None
    scopes: tuple[str, ...]
    needed: tuple[str, ...]
    """Those of the scopes without which mail does not work."""
    address: str
    pages: PageTexts
    choose_account: bool = False
    patience: float = PATIENCE


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Tokens, and the client that they were given to, also where it has just registered."""

    client: Client
    tokens: Tokens


async def sign_in_by_browser(
    request: BrowserRequest, open_browser: OpenBrowser, net: Network
) -> SignedIn | SignInFailure:
    """Open the browser, wait for it to come back, and take what it brings for tokens.

    Cancelling closes the port at once, as does every other end.
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
        self._foreign_answers = False
        """Whether an answer with another state came (RFC 6749 section 10.12)."""

    async def run(self) -> SignedIn | SignInFailure:
        provider, client = self._request.provider, self._request.client
        fixed = urlsplit(client.redirect) if client is not None and client.redirect else None
        host = (fixed.hostname if fixed else None) or provider.redirect_host
        self._path = (fixed.path if fixed else "") or "/"
        port = (fixed.port if fixed else None) or 0
        if client is None:
            # Each provider that is registered at has a place of its own to come back to, so that
            # no other one's answer is taken for its own (RFC 9700 section 4.4.2).
            self._path = "/" + hashlib.sha256(provider.issuer.encode()).hexdigest()[:16]
        async with open_landing(
            self._answer, port=port, both_families=host == "localhost"
        ) as landing:
            if isinstance(landing, LoopbackFailure):
                return _no_landing(landing)
            redirect = client.redirect if client is not None else ""
            # Without a slash, as Google and Microsoft show it: what is registered is compared.
            redirect = redirect or f"http://{host}:{landing.port}{self._path.rstrip('/')}"
            if client is None:
                registered = await register(provider, self._request.scopes, redirect, self._net)
                if isinstance(registered, SignInFailure):
                    return registered
                client = registered
            verifier, url = self._first_request(client, redirect)
            self._open_browser(url)
            try:
                async with asyncio.timeout(self._request.patience):
                    await landing.arrival()
            except TimeoutError:
                foreign = SignInFault.WRONG_STATE if self._foreign_answers else None
                return SignInFailure(foreign or SignInFault.TIMED_OUT)
        if self._failure is not None:
            return self._failure
        return await self._redeemed(client, redirect, verifier)

    def _first_request(self, client: Client, redirect: str) -> tuple[str, str]:
        """The verifier, and the address of the sign-in page."""
        from oauthlib.oauth2 import WebApplicationClient

        provider = self._request.provider
        arithmetic = WebApplicationClient(client.id)
        verifier: str = arithmetic.create_code_verifier(64)
        more = dict(provider.extra)
        if self._request.choose_account:
            more["prompt"] = f"select_account {more.get('prompt', '')}".strip()
        if provider.resource:
            more["resource"] = provider.resource
        if "openid" in self._request.scopes:
            more["nonce"] = self._nonce
        url: str = arithmetic.prepare_request_uri(
            provider.authorize,
            redirect_uri=redirect,
            scope=list(self._request.scopes),
            state=self._state,
            code_challenge=arithmetic.create_code_challenge(verifier, "S256"),
            code_challenge_method="S256",
            login_hint=self._request.address,
            **more,
        )
        return verifier, url

    # When the browser comes back -------------------------------------------------------------

    def _answer(self, target: str) -> LoopbackPage:
        pages = self._request.pages
        if urlsplit(target).path != self._path or "?" not in target:
            # The browser's own curiosity, such as for an icon.
            return LoopbackPage(404, "")
        if self._code or self._failure is not None:
            # The first answer counts; another one with another code may be an attacker's.
            return LoopbackPage(400, pages.elsewhere)
        found = query_of(target)
        state = found.get("state", "") if found is not None else ""
        if found is None or not secrets.compare_digest(state.encode(), self._state.encode()):
            # Any web page and any local program can ask for this address: the wait goes on.
            self._foreign_answers = True
            return LoopbackPage(400, pages.elsewhere)
        self._failure = self._problem(found)
        if self._failure is None:
            self._code = found["code"]
            return LoopbackPage(200, pages.done, last=True)
        denied = self._failure.fault is SignInFault.DENIED
        return LoopbackPage(200, pages.denied if denied else pages.failed, last=True)

    def _problem(self, found: dict[str, str]) -> SignInFailure | None:
        provider = self._request.provider
        issuer = found.get("iss")
        if (issuer is None and provider.names_itself) or (
            issuer is not None and provider.issuer and not provider.is_named(issuer)
        ):
            return SignInFailure(SignInFault.WRONG_ISSUER, (issuer or "—")[:200])
        if "error" in found:
            return refusal(found["error"], found.get("error_description", ""))
        if not found.get("code"):
            return SignInFailure(SignInFault.MALFORMED)
        return None

    async def _redeemed(
        self, client: Client, redirect: str, verifier: str
    ) -> SignedIn | SignInFailure:
        provider = self._request.provider
        tokens = await redeem(
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
        return await checked(provider, client, tokens, self._request.needed, self._net)


async def checked(
    provider: OAuthProvider, client: Client, tokens: Tokens, needed: tuple[str, ...], net: Network
) -> SignedIn | SignInFailure:
    """The tokens, if they are good for mail, with whose they are."""
    missing = missing_scopes(needed, tokens.scopes)
    if missing:
        return SignInFailure(SignInFault.SCOPE_MISSING, " ".join(missing)[:200])
    if not tokens.signed_in_as:
        tokens = replace(tokens, signed_in_as=await ask_who(provider, tokens, net))
    return SignedIn(client, tokens)


def _no_landing(failure: LoopbackFailure) -> SignInFailure:
    fault = (
        SignInFault.PORT_TAKEN
        if failure.fault is LoopbackFault.PORT_TAKEN
        else SignInFault.NO_LOOPBACK
    )
    return SignInFailure(fault, port=failure.port)
