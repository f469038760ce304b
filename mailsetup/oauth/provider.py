"""Where one signs in, for what, and whose mail servers may then receive the token."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from mailsetup.model.hostname import is_within
from mailsetup.model.settings import AccountSettings, OAuth2Endpoints, Protocol
from mailsetup.net.public_suffix import owned_domain


@dataclass(frozen=True, slots=True)
class OAuthProvider:
    """An authorization server. All URLs are HTTPS.

    ``hosts`` are domains whose mail servers are the provider's own. ``redirect_host`` is the name
    under which the browser finds this computer. ``always`` are scopes for every sign-in, the others
    those that a protocol needs. ``extra`` are further parameters of the first request.
    """

    id: str
    """A word for settings files; for a provider that is not built in, its issuer's host."""
    name: str
    issuer: str
    authorize: str = ""
    token: str = ""
    device: str = ""
    revoke: str = ""
    userinfo: str = ""
    register: str = ""
    always: tuple[str, ...] = ()
    imap: tuple[str, ...] = ()
    pop3: tuple[str, ...] = ()
    smtp: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    redirect_host: str = "127.0.0.1"
    extra: tuple[tuple[str, str], ...] = ()
    resource: str = ""
    """RFC 8707: what the token is for, where the provider wants to be told."""
    names_itself: bool = False
    """Whether its answers carry its own name, which must then be checked (RFC 9207)."""
    one_of_many: bool = False
    """Whether each organisation there has an issuer of its own (Microsoft)."""
    asks_metadata: bool = False
    """Whether the rest of what is here has to be asked for at the issuer."""

    @property
    def page_host(self) -> str:
        """The host of the page on which one signs in, for the person to recognise."""
        return urlsplit(self.authorize).hostname or ""

    def scopes(self, protocols: Collection[Protocol]) -> tuple[str, ...]:
        """What to ask for, so that these protocols can be used."""
        return tuple(dict.fromkeys((*self.mail_scopes(protocols), *self.always)))

    def mail_scopes(self, protocols: Collection[Protocol]) -> tuple[str, ...]:
        """Those scopes without which these protocols do not work."""
        by_protocol = {
            Protocol.IMAP: self.imap,
            Protocol.POP3: self.pop3,
            Protocol.SMTP: self.smtp,
        }
        return tuple(
            dict.fromkeys(scope for protocol in protocols for scope in by_protocol[protocol])
        )

    def owns(self, host: str) -> bool:
        """Whether a mail server belongs to the provider, so that it may receive its tokens."""
        if self.hosts:
            return any(is_within(host, domain) for domain in self.hosts)
        return owned_domain(host) == owned_domain(
            urlsplit(self.issuer or self.token).hostname or ""
        )

    def is_named(self, issuer: str) -> bool:
        """Whether an answer that carries this name is the provider's own."""
        if self.one_of_many:
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
        imap=("https://mail.google.com/",),
        pop3=("https://mail.google.com/",),
        smtp=("https://mail.google.com/",),
        hosts=("gmail.com", "googlemail.com", "google.com"),
        # Only so there is a refresh token at every sign-in, not at the first one alone.
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
        imap=("https://outlook.office.com/IMAP.AccessAsUser.All",),
        pop3=("https://outlook.office.com/POP.AccessAsUser.All",),
        smtp=("https://outlook.office.com/SMTP.Send",),
        hosts=("office365.com", "outlook.com", "office.com"),
        # Of all addresses on this computer, it lets programs use this name only, with any port.
        redirect_host="localhost",
        one_of_many=True,
    ),
    OAuthProvider(
        "yahoo",
        "Yahoo",
        "https://api.login.yahoo.com",
        "https://api.login.yahoo.com/oauth2/request_auth",
        "https://api.login.yahoo.com/oauth2/get_token",
        imap=("mail-w",),
        pop3=("mail-w",),
        smtp=("mail-w",),
        hosts=("yahoo.com", "ymail.com"),
    ),
    OAuthProvider(
        "aol",
        "AOL",
        "https://api.login.aol.com",
        "https://api.login.aol.com/oauth2/request_auth",
        "https://api.login.aol.com/oauth2/get_token",
        imap=("mail-w",),
        pop3=("mail-w",),
        smtp=("mail-w",),
        hosts=("aol.com",),
    ),
    OAuthProvider(
        "fastmail",
        "Fastmail",
        "https://api.fastmail.com",
        "https://api.fastmail.com/oauth/authorize",
        "https://api.fastmail.com/oauth/refresh",
        imap=("urn:ietf:params:oauth:scope:mail",),
        pop3=("urn:ietf:params:oauth:scope:mail",),
        smtp=("urn:ietf:params:oauth:scope:mail",),
        always=("offline_access",),
        hosts=("fastmail.com", "messagingengine.com"),
        resource="https://api.fastmail.com/jmap/session",
        asks_metadata=True,
    ),
    OAuthProvider(
        "yandex",
        "Yandex",
        "https://oauth.yandex.com",
        "https://oauth.yandex.com/authorize",
        "https://oauth.yandex.com/token",
        imap=("mail:imap_full",),
        pop3=("mail:imap_full",),
        smtp=("mail:smtp",),
        hosts=("yandex.com", "yandex.ru", "yandex.net"),
    ),
    OAuthProvider(
        "mailru",
        "Mail.ru",
        "https://o2.mail.ru",
        "https://o2.mail.ru/login",
        "https://o2.mail.ru/token",
        imap=("mail.imap",),
        pop3=("mail.imap",),
        smtp=("mail.imap",),
        hosts=("mail.ru",),
    ),
    OAuthProvider(
        "comcast",
        "Comcast (Xfinity)",
        "https://oauth.xfinity.com",
        "https://oauth.xfinity.com/oauth/authorize",
        "https://oauth.xfinity.com/oauth/token",
        always=("profile", "openid"),
        imap=("https://email.comcast.net/",),
        pop3=("https://email.comcast.net/",),
        smtp=("https://email.comcast.net/",),
        hosts=("comcast.net", "xfinity.com"),
    ),
)
"""Those of whom the endpoints are known. Only Fastmail lets a program register itself."""

OPEN_SCOPE = "urn:ietf:params:oauth:scope:mail"
"""Mail as a whole, in the profile for open public clients."""


def builtin_for(hosts: Collection[str], endpoints: OAuth2Endpoints | None) -> OAuthProvider | None:
    """The known provider to whom these mail servers, or these endpoints, belong.

    What a settings document says of a known provider's endpoints is not used: with its own token
    endpoint behind somebody else's sign-in page it would receive that one's codes.
    """
    for provider in BUILTIN:
        if hosts and all(provider.owns(host) for host in hosts):
            return provider
    if endpoints is None:
        return None
    named = {urlsplit(url).hostname for url in (endpoints.issuer, endpoints.auth_url) if url}
    return next((one for one in BUILTIN if named & _places(one)), None)


def is_builtin(provider: OAuthProvider) -> bool:
    """Whether this is a provider that the program knows by itself."""
    return any(provider.id == one.id for one in BUILTIN)


def is_of_builtin(url: str) -> bool:
    """Whether a URL lies at a known provider's sign-in."""
    host = urlsplit(url).hostname
    return any(host in _places(provider) for provider in BUILTIN)


def _places(provider: OAuthProvider) -> set[str | None]:
    urls = (provider.issuer, provider.authorize, provider.token)
    return {urlsplit(url).hostname for url in urls}


def given_by(settings: AccountSettings) -> OAuthProvider | None:
    """The provider that a settings document describes in full, without any issuer to ask.

    Sign-in page and token endpoint must have one owner.
    """
    found = settings.oauth2
    if found is None or not (found.auth_url and found.token_url and found.scope):
        return None
    page, token = urlsplit(found.auth_url).hostname, urlsplit(found.token_url).hostname
    if not page or not token or owned_domain(page) != owned_domain(token):
        return None
    issuer = urlsplit(found.issuer).hostname or ""
    return OAuthProvider(
        page,
        settings.provider or page,
        # Anybody may claim a name: with another owner's, his servers would receive the token.
        found.issuer if owned_domain(issuer) == owned_domain(token) else "",
        found.auth_url,
        found.token_url,
        imap=found.scope,
        pop3=found.scope,
        smtp=found.scope,
    )
