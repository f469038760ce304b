"""Signing in in the browser: whether and where, and the tokens for as long as they are needed."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from mailsetup.assistant.events import Event, SignInCode, SignInOpened
from mailsetup.assistant.signin.page import page_texts
from mailsetup.model.secret import AccessToken, Secret
from mailsetup.model.settings import (
    Account,
    AccountSettings,
    OAuth2Endpoints,
    Protocol,
    ServerSettings,
)
from mailsetup.model.sign_in import Client, ClientsFailure, SignInFailure, SignInFault, Tokens
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import owned_domain
from mailsetup.oauth.browser import (
    PATIENCE,
    BrowserRequest,
    SignedIn,
    sign_in_by_browser,
)
from mailsetup.oauth.clients import (
    ClientRegistration,
    built_in,
    client_for,
    of_technician,
    settings_path,
)
from mailsetup.oauth.device import DeviceCode, DeviceRequest, sign_in_by_device
from mailsetup.oauth.metadata import ask_issuer, completed
from mailsetup.oauth.provider import OAuthProvider, builtin_for, given_by
from mailsetup.oauth.tokens import renew, revoke
from mailsetup.system.threads import in_thread

Emit = Callable[[Event], None]
OpenBrowser = Callable[[str], None]

_MARGIN = 120.0
"""Seconds that a token must still last for a check to begin with it."""


class SignInMeans(StrEnum):
    """How the person gets to the sign-in page."""

    BROWSER = "browser"
    DEVICE = "device"
    """By a code that is typed into a browser anywhere else."""


@dataclass(frozen=True, slots=True)
class SignInWay:
    """Where one signs in for an account, and what has to be there or agreed to first.

    ``client`` is None where this program has no id at the provider; it may then still register
    itself (``registers``). ``confirm`` are domains of mail servers that do not belong to the
    provider: only once the person agreed to them do they receive its token.
    """

    account: Account
    provider: OAuthProvider
    client: Client | None
    confirm: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The provider's name, or its host: text that may be from outside."""
        return self.provider.name

    @property
    def page_host(self) -> str:
        """The host of the sign-in page."""
        return self.provider.page_host

    @property
    def can_begin(self) -> bool:
        """Whether this program is known there, or can make itself known."""
        return self.client is not None or bool(self.provider.register)

    @property
    def by_device(self) -> bool:
        """Whether there is a sign-in by a code."""
        return bool(self.provider.device)

    @property
    def consent_link(self) -> str:
        """Where an administrator allows the program for a whole organisation; "" where nowhere."""
        if self.provider.id != "microsoft" or self.client is None:
            return ""
        from urllib.parse import quote

        # Microsoft takes any domain of an organisation for its name.
        tenant = quote(self.account.address.domain, safe="")
        client = quote(self.client.id, safe="")
        return f"https://login.microsoftonline.com/{tenant}/adminconsent?client_id={client}"

    def agreed_to(self, domains: Collection[str]) -> "SignInWay":
        """The same way where the person agreed to these domains (or whole host names)."""
        return replace(self, confirm=tuple(one for one in self.confirm if one not in domains))

    def may_receive(self, server: ServerSettings) -> bool:
        """Whether the token may go to a server: the provider's own, or agreed to."""
        if self.provider.owns(server.host):
            return True
        ours = (self.account.incoming.host, self.account.outgoing.host)
        return owned_domain(server.host) not in self.confirm and server.host in ours


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that worked. ``stored`` is true where it is in the keyring too."""

    way: SignInWay
    client: Client
    tokens: Tokens
    stored: bool = False

    @property
    def token(self) -> AccessToken:
        """What servers are told."""
        return self.tokens.access

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that must not be written down anywhere."""
        return (self.tokens.access, *((self.tokens.refresh,) if self.tokens.refresh else ()))

    @property
    def signed_in_as(self) -> str:
        """The address that was chosen in the browser; empty where the provider does not tell."""
        return self.tokens.signed_in_as

    @property
    def is_of_another(self) -> bool:
        """Whether the provider knows the person under another address than the mailbox's.

        It may still be the same mailbox: the address may be an alias of it.
        """
        chosen, address = self.signed_in_as.casefold(), self.way.account.address
        return bool(chosen) and chosen not in {
            str(address).casefold(),
            address.ascii.casefold(),
            self.way.account.incoming.username.casefold(),
        }


def known_clients(own_id: str = "") -> tuple[ClientRegistration, ...] | ClientsFailure:
    """Under which ids this program is known. ``own_id`` (a technician's) counts at every provider.

    Then those of a technician's file, then those that this build brings along.
    """
    found = of_technician(settings_path())
    if isinstance(found, ClientsFailure):
        return found
    if own_id:
        # A client from the file keeps its further details where it is the one that is named.
        named = [one for one in found if one.client.id == own_id]
        found = (*named, ClientRegistration("", Client(own_id)), *found)
    return (*found, *built_in())


def _client(
    provider: OAuthProvider, known: tuple[ClientRegistration, ...], found: OAuth2Endpoints | None
) -> Client | None:
    everywhere = next((one.client for one in known if not one.provider), None)
    if everywhere is not None:
        same = client_for(provider, tuple(one for one in known if one.client.id == everywhere.id))
        return same or everywhere
    ours = client_for(provider, known)
    if ours is None and found is not None and found.client_id:
        # The provider's own settings document may give an id to everybody.
        return Client(found.client_id)
    return ours


async def find_way(
    account: Account,
    settings: AccountSettings | None,
    net: Network,
    *,
    known: tuple[ClientRegistration, ...],
    agreed: Collection[str] = (),
    offline: bool = False,
) -> SignInWay | SignInFailure:
    """Where to sign in for the account: built in, else by its settings' issuer or endpoints."""
    hosts = (account.incoming.host, account.outgoing.host)
    found = settings.oauth2 if settings is not None else None
    provider: OAuthProvider | SignInFailure | None = builtin_for(hosts, found)
    from_document = None
    if isinstance(provider, OAuthProvider) and provider.asks_metadata and not offline:
        more = await completed(provider, net)
        # Its own endpoints are known: without the rest one can still sign in.
        provider = more if isinstance(more, OAuthProvider) else provider
    elif provider is None and settings is not None and found is not None:
        from_document = found
        provider = given_by(settings) if found.client_id or not found.issuer else None
        if provider is None and found.issuer and not offline:
            provider = await ask_issuer(found.issuer, net)
            if isinstance(provider, OAuthProvider) and found.scope:
                provider = replace(provider, imap=found.scope, pop3=found.scope, smtp=found.scope)
    if provider is None:
        return SignInFailure(SignInFault.NO_PROVIDER)
    if isinstance(provider, SignInFailure):
        return provider
    confirm = tuple(
        dict.fromkeys(
            owned_domain(host)
            for host in hosts
            if not provider.owns(host) and host not in agreed and owned_domain(host) not in agreed
        )
    )
    return SignInWay(account, provider, _client(provider, known, from_document), confirm)


def _scopes(way: SignInWay) -> tuple[tuple[str, ...], tuple[str, ...]]:
    protocols: tuple[Protocol, ...] = (way.account.incoming.protocol, way.account.outgoing.protocol)
    return way.provider.scopes(protocols), way.provider.mail_scopes(protocols)


async def sign_in(
    way: SignInWay,
    means: SignInMeans,
    net: Network,
    emit: Emit,
    open_browser: OpenBrowser,
    *,
    choose_account: bool = False,
    patience: float = PATIENCE,
) -> SignIn | SignInFailure:
    """Let the person sign in. Cancelling ends everything at once, also the open port."""
    if not way.can_begin:
        return SignInFailure(SignInFault.NO_CLIENT, way.name)
    scopes, needed = _scopes(way)

    def show_page(url: str) -> None:
        emit(SignInOpened(url, way.page_host))
        open_browser(url)

    def show_code(code: DeviceCode) -> None:
        emit(SignInCode(code.page, code.code, code.seconds))

    outcome: SignedIn | SignInFailure
    if means is SignInMeans.DEVICE:
        wanted = DeviceRequest(way.provider, way.client, scopes, needed)
        outcome = await sign_in_by_device(wanted, show_code, net)
    else:
        request = BrowserRequest(
            way.provider,
            way.client,
            scopes,
            needed,
            str(way.account.address),
            await in_thread(page_texts),
            choose_account,
            patience,
        )
        outcome = await sign_in_by_browser(request, show_page, net)
    if isinstance(outcome, SignInFailure):
        return outcome
    return SignIn(replace(way, client=outcome.client), outcome.client, outcome.tokens)


async def renewed(one: SignIn, net: Network) -> SignIn | SignInFailure:
    """The same sign-in with a new access token."""
    tokens = await renew(one.way.provider, one.client, one.tokens, net)
    return tokens if isinstance(tokens, SignInFailure) else replace(one, tokens=tokens)


def needs_renewal(one: SignIn, net: Network) -> bool:
    """Whether the access token is over, or nearly."""
    end = one.tokens.expires_at
    return end is not None and end - net.clock.monotonic() < _MARGIN


async def revoked(one: SignIn, net: Network) -> bool:
    """Revoke the tokens at the provider, where it can do that."""
    return await revoke(one.way.provider, one.client, one.tokens, net)
