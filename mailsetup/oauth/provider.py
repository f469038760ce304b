"""OAuth providers: endpoints, scopes, and the mail servers that may receive the tokens."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from mailsetup.model.hostname import is_within
from mailsetup.model.settings import AccountSettings, OAuth2Endpoints, Protocol
from mailsetup.net.public_suffix import owned_domain, url_owner


@dataclass(frozen=True, slots=True)
class OAuthProvider:
    """An authorization server. All URLs are HTTPS.

    ``hosts`` are domains whose mail servers belong to the provider. ``redirect_host`` is the host
    of the loopback redirect URI. ``always`` are scopes of every sign-in, ``mail`` those of a
    protocol that is not in ``by_protocol``. ``extra`` are further parameters of the authorization
    request.
    """

    id: str
    """An id for files of clients; for a provider that is not built in, its issuer's host."""
    name: str
    issuer: str
    authorize: str = ""
    token: str = ""
    device: str = ""
    revoke: str = ""
    userinfo: str = ""
    register: str = ""
    always: tuple[str, ...] = ()
    mail: tuple[str, ...] = ()
    by_protocol: tuple[tuple[Protocol, str], ...] = ()
    hosts: tuple[str, ...] = ()
    redirect_host: str = "127.0.0.1"
    extra: tuple[tuple[str, str], ...] = ()
    resource: str = ""
    """The resource indicator (RFC 8707), where the provider requires one."""
    sends_issuer: bool = False
    """Whether authorization responses contain ``iss``, which is required then (RFC 9207)."""
    issuer_per_tenant: bool = False
    """Whether each tenant has its own issuer (Microsoft)."""
    needs_metadata: bool = False
    """Whether the optional endpoints have to be fetched from the issuer's metadata."""

    @property
    def page_host(self) -> str:
        """The host of the sign-in page, for the person to recognise."""
        return urlsplit(self.authorize).hostname or ""

    def scopes(self, protocols: Collection[Protocol]) -> tuple[str, ...]:
        """The scopes to request for these protocols."""
        return tuple(dict.fromkeys((*self.mail_scopes(protocols), *self.always)))

    def mail_scopes(self, protocols: Collection[Protocol]) -> tuple[str, ...]:
        """The scopes without which these protocols do not work."""
        own = dict(self.by_protocol)
        return tuple(
            dict.fromkeys(
                scope
                for protocol in protocols
                for scope in ((own[protocol],) if protocol in own else self.mail)
            )
        )

    def owns(self, host: str) -> bool:
        """Whether a mail server belongs to the provider and so may receive its tokens."""
        if self.hosts:
            return any(is_within(host, domain) for domain in self.hosts)
        return owned_domain(host) == url_owner(self.issuer or self.token)

    def accepts_issuer(self, issuer: str) -> bool:
        """Whether ``iss`` in an authorization response names this provider."""
        if self.issuer_per_tenant:
            return urlsplit(issuer)[:2] == urlsplit(self.issuer)[:2]
        return issuer == self.issuer


_OPENID = ("openid", "email")

BUILTIN = (
    OAuthProvider(
        "google",
        "Google",
        "https://accounts.google.com",
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        revoke="https://oauth2.googleapis.com/revoke",
        always=_OPENID,
        mail=("https://mail.google.com/",),
        hosts=("gmail.com", "googlemail.com", "google.com"),
        # Otherwise only the first sign-in of a user returns a refresh token.
        extra=(("access_type", "offline"), ("prompt", "consent")),
    ),
    OAuthProvider(
        "microsoft",
        "Microsoft",
        "https://login.microsoftonline.com/common/v2.0",
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        device="https://login.microsoftonline.com/common/oauth2/v2.0/devicecode",
        always=("offline_access", "openid", "profile"),
        by_protocol=(
            (Protocol.IMAP, "https://outlook.office.com/IMAP.AccessAsUser.All"),
            (Protocol.POP3, "https://outlook.office.com/POP.AccessAsUser.All"),
            (Protocol.SMTP, "https://outlook.office.com/SMTP.Send"),
        ),
        hosts=("office365.com", "outlook.com", "office.com"),
        # The only loopback host for which Microsoft allows any port.
        redirect_host="localhost",
        issuer_per_tenant=True,
    ),
    OAuthProvider(
        "yahoo",
        "Yahoo",
        "https://api.login.yahoo.com",
        "https://api.login.yahoo.com/oauth2/request_auth",
        "https://api.login.yahoo.com/oauth2/get_token",
        mail=("mail-w",),
        hosts=("yahoo.com", "ymail.com"),
    ),
    OAuthProvider(
        "aol",
        "AOL",
        "https://api.login.aol.com",
        "https://api.login.aol.com/oauth2/request_auth",
        "https://api.login.aol.com/oauth2/get_token",
        mail=("mail-w",),
        hosts=("aol.com",),
    ),
    OAuthProvider(
        "fastmail",
        "Fastmail",
        "https://api.fastmail.com",
        "https://api.fastmail.com/oauth/authorize",
        "https://api.fastmail.com/oauth/refresh",
        mail=("urn:ietf:params:oauth:scope:mail",),
        always=("offline_access",),
        hosts=("fastmail.com", "messagingengine.com"),
        resource="https://api.fastmail.com/jmap/session",
        needs_metadata=True,
    ),
    OAuthProvider(
        "yandex",
        "Yandex",
        "https://oauth.yandex.com",
        "https://oauth.yandex.com/authorize",
        "https://oauth.yandex.com/token",
        mail=("mail:imap_full",),
        by_protocol=((Protocol.SMTP, "mail:smtp"),),
        hosts=("yandex.com", "yandex.ru", "yandex.net"),
    ),
    OAuthProvider(
        "mailru",
        "Mail.ru",
        "https://o2.mail.ru",
        "https://o2.mail.ru/login",
        "https://o2.mail.ru/token",
        mail=("mail.imap",),
        hosts=("mail.ru",),
    ),
    OAuthProvider(
        "comcast",
        "Comcast (Xfinity)",
        "https://oauth.xfinity.com",
        "https://oauth.xfinity.com/oauth/authorize",
        "https://oauth.xfinity.com/oauth/token",
        always=("profile", "openid"),
        mail=("https://email.comcast.net/",),
        hosts=("comcast.net", "xfinity.com"),
    ),
)
"""Providers with known endpoints. Only Fastmail supports dynamic registration."""

OPEN_SCOPE = "urn:ietf:params:oauth:scope:mail"
"""The scope for all mail protocols, of the OAuth profile for open public clients."""


def builtin_for(hosts: Collection[str], endpoints: OAuth2Endpoints | None) -> OAuthProvider | None:
    """The built-in provider to which these mail servers, or these endpoints, belong.

    Its endpoints in a settings document are not used: a document with the provider's sign-in page
    and another token endpoint would receive the provider's codes.
    """
    for provider in BUILTIN:
        if hosts and all(provider.owns(host) for host in hosts):
            return provider
    if endpoints is None:
        return None
    named = {urlsplit(url).hostname for url in (endpoints.issuer, endpoints.auth_url) if url}
    return next((one for one in BUILTIN if named & _endpoint_hosts(one)), None)


def is_builtin(provider: OAuthProvider) -> bool:
    """Whether a provider is a built-in one."""
    return any(provider.id == one.id for one in BUILTIN)


def is_of_builtin(url: str) -> bool:
    """Whether a URL has the host of a built-in provider's endpoint."""
    host = urlsplit(url).hostname
    return any(host in _endpoint_hosts(provider) for provider in BUILTIN)


def _endpoint_hosts(provider: OAuthProvider) -> set[str | None]:
    urls = (provider.issuer, provider.authorize, provider.token)
    return {urlsplit(url).hostname for url in urls}


def provider_in_settings(settings: AccountSettings) -> OAuthProvider | None:
    """The provider that a settings document describes completely, without metadata.

    Authorization and token endpoint must have the same owner.
    """
    found = settings.oauth2
    if found is None or not (found.auth_url and found.token_url and found.scope):
        return None
    page, owner = urlsplit(found.auth_url).hostname, url_owner(found.token_url)
    if not page or owned_domain(page) != owner:
        return None
    return OAuthProvider(
        page,
        settings.provider or page,
        # A document may claim any issuer: servers of another owner would receive the token.
        found.issuer if url_owner(found.issuer) == owner else "",
        found.auth_url,
        found.token_url,
        mail=found.scope,
    )
