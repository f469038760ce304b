"""Sign-in in the browser (OAuth 2.0): the provider, the client, and the tokens."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote

from mailsetup.assistant.events import Emit, SignInCode, SignInOpened
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
    TIMEOUT,
    BrowserRequest,
    SignedIn,
    sign_in_by_browser,
)
from mailsetup.oauth.clients import (
    ClientRegistration,
    built_in_clients,
    client_for,
    settings_path,
    technician_clients,
)
from mailsetup.oauth.device import DeviceCode, DeviceRequest, sign_in_by_device
from mailsetup.oauth.metadata import fetch_metadata, with_metadata
from mailsetup.oauth.provider import OAuthProvider, builtin_for, provider_in_settings
from mailsetup.system.threads import in_thread

OpenBrowser = Callable[[str], None]


class SignInMeans(StrEnum):
    """How the person opens the sign-in page."""

    BROWSER = "browser"
    DEVICE = "device"
    """By a code that is entered in a browser on any device (RFC 8628)."""


@dataclass(frozen=True, slots=True)
class SignInMethod:
    """Where one signs in for an account, and what has to be agreed to first.

    ``client`` is None where this program has no id at the provider; it may then register itself if
    the provider allows that (RFC 7591). ``confirm`` are domains of mail servers that do not belong
    to the provider: they receive its token only once the person agreed to them.
    """

    account: Account
    provider: OAuthProvider
    client: Client | None
    confirm: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The provider's name, or its host: text from the network."""
        return self.provider.name

    @property
    def page_host(self) -> str:
        """The host of the sign-in page."""
        return self.provider.page_host

    @property
    def can_begin(self) -> bool:
        """Whether this program has a client id there, or can register itself."""
        return self.client is not None or bool(self.provider.register)

    @property
    def by_device(self) -> bool:
        """Whether the provider supports the device flow (RFC 8628)."""
        return bool(self.provider.device)

    @property
    def consent_link(self) -> str:
        """The page where an administrator allows the program for an organisation; "" for none."""
        if self.provider.id != "microsoft" or self.client is None:
            return ""
        # Microsoft accepts any domain of an organisation as the name of the tenant.
        tenant = quote(self.account.address.domain, safe="")
        client = quote(self.client.id, safe="")
        return f"https://login.microsoftonline.com/{tenant}/adminconsent?client_id={client}"

    def agreed_to(self, domains: Collection[str]) -> "SignInMethod":
        """The method after the person agreed to these domains or host names."""
        return replace(self, confirm=tuple(one for one in self.confirm if one not in domains))

    def may_receive(self, server: ServerSettings) -> bool:
        """Whether the token may go to a server: it is the provider's own, or agreed to."""
        if self.provider.owns(server.host):
            return True
        ours = (self.account.incoming.host, self.account.outgoing.host)
        return owned_domain(server.host) not in self.confirm and server.host in ours


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that worked. ``stored`` is true where it is in the keyring too."""

    method: SignInMethod
    client: Client
    tokens: Tokens
    stored: bool = False

    @property
    def token(self) -> AccessToken:
        """The access token."""
        return self.tokens.access

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All secrets of the sign-in."""
        return (self.tokens.access, *((self.tokens.refresh,) if self.tokens.refresh else ()))

    @property
    def signed_in_as(self) -> str:
        """The address that was chosen in the browser; empty where it is not reported."""
        return self.tokens.signed_in_as

    @property
    def is_of_another(self) -> bool:
        """Whether the provider knows the person under another address than the mailbox's.

        It may still be the same mailbox: the address may be an alias of it.
        """
        chosen, address = self.signed_in_as.casefold(), self.method.account.address
        return bool(chosen) and chosen not in {
            str(address).casefold(),
            address.ascii.casefold(),
            self.method.account.incoming.username.casefold(),
        }


def known_clients(own_id: str = "") -> tuple[ClientRegistration, ...] | ClientsFailure:
    """The client ids of this program, those with precedence first.

    ``own_id`` (a technician's) is for every provider. Then those of a technician's file follow, and
    those of this build.
    """
    found = technician_clients(settings_path())
    if isinstance(found, ClientsFailure):
        return found
    if own_id:
        # A client from the file with this id has further details, such as its secret.
        named = [one for one in found if one.client.id == own_id]
        found = (*named, ClientRegistration("", Client(own_id)), *found)
    return (*found, *built_in_clients())


def _client(
    provider: OAuthProvider, known: tuple[ClientRegistration, ...], found: OAuth2Endpoints | None
) -> Client | None:
    everywhere = next((one.client for one in known if not one.provider), None)
    if everywhere is not None:
        same = client_for(provider, tuple(one for one in known if one.client.id == everywhere.id))
        return same or everywhere
    ours = client_for(provider, known)
    if ours is None and found is not None and found.client_id:
        # The provider's settings document may contain a client id for all programs.
        return Client(found.client_id)
    return ours


async def find_method(
    account: Account,
    settings: AccountSettings | None,
    net: Network,
    *,
    known: tuple[ClientRegistration, ...],
    agreed: Collection[str] = (),
    offline: bool = False,
) -> SignInMethod | SignInFailure:
    """Where to sign in for the account: a built-in provider, or the one of its settings.

    ``agreed`` are domains or host names that may receive the token.
    """
    hosts = (account.incoming.host, account.outgoing.host)
    found = settings.oauth2 if settings is not None else None
    provider: OAuthProvider | SignInFailure | None = builtin_for(hosts, found)
    from_document = None
    if isinstance(provider, OAuthProvider) and provider.needs_metadata and not offline:
        more = await with_metadata(provider, net)
        # Without the metadata the built-in endpoints are still sufficient.
        provider = more if isinstance(more, OAuthProvider) else provider
    elif provider is None and settings is not None and found is not None:
        from_document = found
        provider = provider_in_settings(settings) if found.client_id or not found.issuer else None
        if provider is None and found.issuer and not offline:
            provider = await fetch_metadata(found.issuer, net)
            if isinstance(provider, OAuthProvider) and found.scope:
                provider = replace(provider, mail=found.scope)
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
    return SignInMethod(account, provider, _client(provider, known, from_document), confirm)


def _scopes(method: SignInMethod) -> tuple[tuple[str, ...], tuple[str, ...]]:
    protocols: tuple[Protocol, ...] = (
        method.account.incoming.protocol,
        method.account.outgoing.protocol,
    )
    return method.provider.scopes(protocols), method.provider.mail_scopes(protocols)


async def sign_in(
    method: SignInMethod,
    means: SignInMeans,
    net: Network,
    emit: Emit,
    open_browser: OpenBrowser,
    *,
    choose_account: bool = False,
    patience: float = TIMEOUT,
) -> SignIn | SignInFailure:
    """Let the person sign in. Cancelling closes the open port too."""
    if not method.can_begin:
        return SignInFailure(SignInFault.NO_CLIENT, method.name)
    scopes, needed = _scopes(method)

    def show_page(url: str) -> None:
        emit(SignInOpened(url, method.page_host))
        open_browser(url)

    def show_code(code: DeviceCode) -> None:
        emit(SignInCode(code.page, code.code, code.seconds))

    outcome: SignedIn | SignInFailure
    if means is SignInMeans.DEVICE:
        wanted = DeviceRequest(method.provider, method.client, scopes, needed)
        outcome = await sign_in_by_device(wanted, show_code, net)
    else:
        request = BrowserRequest(
            method.provider,
            method.client,
            scopes,
            needed,
            str(method.account.address),
            await in_thread(page_texts),
            choose_account,
            patience,
        )
        outcome = await sign_in_by_browser(request, show_page, net)
    if isinstance(outcome, SignInFailure):
        return outcome
    return SignIn(replace(method, client=outcome.client), outcome.client, outcome.tokens)
