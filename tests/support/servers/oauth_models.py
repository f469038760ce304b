"""What the OpenID provider of the tests stores: clients, codes, tokens."""

import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from authlib.oauth2.rfc8628 import DeviceCredentialDict
from joserfc.jwk import OctKey

MAIL = "urn:ietf:params:oauth:scope:mail"
SCOPES = (MAIL, "offline_access", "openid", "email")
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
RESOURCE_SERVER = ("dovecot", "nur-fuer-den-mailserver")
"""The mail server's credentials for introspection."""


@dataclass
class Client:
    """A registered program (Authlib's ClientMixin)."""

    id: str
    redirects: tuple[str, ...]
    grants: tuple[str, ...] = ("authorization_code", "refresh_token")
    secret: str = ""

    def get_client_id(self) -> str:
        return self.id

    def get_default_redirect_uri(self) -> str:
        return self.redirects[0]

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(word for word in (scope or "").split() if word in SCOPES)

    def check_redirect_uri(self, uri: str) -> bool:
        """RFC 8252 section 7.3: any port of this computer's own address."""
        return any(_without_port(uri) == _without_port(known) for known in self.redirects)

    def check_client_secret(self, secret: str) -> bool:
        return bool(self.secret) and secrets.compare_digest(secret, self.secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method == "none") is not bool(self.secret)

    def check_response_type(self, kind: str) -> bool:
        return kind == "code"

    def check_grant_type(self, kind: str) -> bool:
        return kind in self.grants


def _without_port(uri: str) -> tuple[str, str | None, str]:
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, parts.path


@dataclass
class Code:
    """An authorization code (AuthorizationCodeMixin)."""

    code: str
    client_id: str
    redirect: str
    scope: str
    user: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    made: float = field(default_factory=time.time)

    def get_redirect_uri(self) -> str:
        return self.redirect

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(self.made)

    def get_acr(self) -> str | None:
        return None

    def get_amr(self) -> str | None:
        return None


@dataclass
class Token:
    """An access token with its refresh token (TokenMixin)."""

    access: str
    refresh: str | None
    client_id: str
    scope: str
    user: str
    ends: float
    access_revoked: bool = False
    refresh_revoked: bool = False

    def check_client(self, client: Client) -> bool:
        return client.id == self.client_id

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return int(self.ends - time.time())

    def is_expired(self) -> bool:
        return self.ends < time.time()

    def is_revoked(self) -> bool:
        return self.access_revoked


@dataclass
class IssuerState:
    """The tables of the provider, and the faults that a test switched on."""

    host: str
    users: dict[str, str]
    """Passwords by address."""
    clients: dict[str, Client] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)
    devices: dict[str, DeviceCredentialDict] = field(default_factory=dict)
    decisions: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """By user code: whose decision it was, and whether it was a yes."""
    faults: set[str] = field(default_factory=set)
    refused_scopes: set[str] = field(default_factory=set)
    """Scopes that people do not grant."""
    asked: list[str] = field(default_factory=list)
    """Method and path of every request."""
    queries: list[dict[str, str]] = field(default_factory=list)
    """The parameters with which the sign-in page was opened."""
    lifetime: int = 3600
    """Of an access token, in seconds."""
    interval: int = 1
    """Between polls of the device flow, in seconds."""
    key: OctKey = field(default_factory=lambda: OctKey.generate_key(256))

    def __post_init__(self) -> None:
        name, secret = RESOURCE_SERVER
        self.clients[name] = Client(name, ("https://x.test/",), (), secret)

    @property
    def url(self) -> str:
        """The issuer identifier."""
        return f"https://{self.host}"

    def token(self, text: str) -> Token | None:
        """The token with this access or refresh token."""
        return next((one for one in self.tokens if text in (one.access, one.refresh)), None)
