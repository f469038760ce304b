"""A real OpenID provider on loopback, on Authlib's server framework: where people sign in.

Metadata, dynamic registration, PKCE (enforced, S256 only), refresh with rotation, revocation,
introspection, userinfo and the device flow, over TLS with the test authority. What real providers
do wrong at times can be switched on in ``faults``.
"""

import json
import secrets
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload, JsonRequest
from authlib.oauth2.rfc6750.token import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8628 import (
    DeviceAuthorizationEndpoint,
    DeviceCodeGrant,
    DeviceCredentialDict,
)
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import OpenIDCode
from joserfc.jwk import OctKey

MAIL = "urn:ietf:params:oauth:scope:mail"
SCOPES = (MAIL, "offline_access", "openid", "email")
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
RESOURCE_SERVER = ("dovecot", "nur-fuer-den-mailserver")
"""The mail server's own credentials for introspection."""


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
    """An access token with the refresh token beside it (TokenMixin)."""

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
class _Reply:
    status: int
    body: Any
    headers: list[tuple[str, str]]

    @property
    def location(self) -> str | None:
        return dict(self.headers).get("Location")

    @location.setter
    def location(self, value: str) -> None:
        others = [(name, text) for name, text in self.headers if name != "Location"]
        self.headers = [*others, ("Location", value)]


class _Request(OAuth2Request):  # type: ignore[misc]
    """A request over `http.server`, as Authlib wants to see one."""

    def __init__(
        self, method: str, uri: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> None:
        super().__init__(method, uri, headers=headers)
        self._args = dict(parse_qsl(urlsplit(uri).query))
        self._form = dict(form)
        self.payload = BasicOAuth2Payload({**self._args, **self._form})

    @property
    def args(self) -> dict[str, str]:
        return self._args

    @property
    def form(self) -> dict[str, str]:
        return self._form


class _Json(JsonRequest):  # type: ignore[misc]
    def __init__(self, method: str, uri: str, data: Any, headers: Mapping[str, str]) -> None:
        super().__init__(method, uri, headers=headers)
        self.payload = BasicOAuth2Payload(data)


class Issuer:
    """The provider. ``users`` are addresses with their passwords."""

    def __init__(self, host: str, users: Mapping[str, str]) -> None:
        self.host = host
        self.url = f"https://{host}"
        self.users = dict(users)
        self.clients: dict[str, Client] = {
            RESOURCE_SERVER[0]: Client(
                RESOURCE_SERVER[0], ("https://x.test/",), (), RESOURCE_SERVER[1]
            )
        }
        self.tokens: list[Token] = []
        self.codes: dict[str, Code] = {}
        self.devices: dict[str, DeviceCredentialDict] = {}
        self.decisions: dict[str, tuple[str, bool]] = {}
        """By user code: whose decision it was, and whether it was a yes."""
        self.faults: set[str] = set()
        self.refused_scopes: set[str] = set()
        """Scopes that people do not grant."""
        self.asked: list[str] = []
        """Method and path of every request."""
        self.queries: list[dict[str, str]] = []
        """The parameters with which the sign-in page was opened."""
        self.crashes: list[str] = []
        """Defects of this provider itself; the fixture looks."""
        self.lifetime = 3600
        self.interval = 1
        self.key = OctKey.generate_key(256)
        self._lock = threading.RLock()
        self._server: ThreadingHTTPServer | None = None
        self.oauth = _server(self)

    # Its life -------------------------------------------------------------------------------

    def start(self, ip: str, certificate: tuple[Path, Path], port: int = 443) -> None:
        """Serve over TLS, in a thread."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        issuer = self

        class Handler(_Handler):
            provider = issuer

        server = _Https((ip, port), Handler)
        server.context = context
        server.daemon_threads = True
        self._server = server
        threading.Thread(target=server.serve_forever, daemon=True, name="issuer").start()

    def stop(self) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def reset(self) -> None:
        """As at the beginning, for the next test."""
        self.faults.clear()
        self.refused_scopes.clear()
        self.asked.clear()
        self.queries.clear()
        self.tokens.clear()
        self.codes.clear()
        self.devices.clear()
        self.decisions.clear()
        self.lifetime = 3600

    def register(self, redirect: str, client_id: str = "programa", secret: str = "") -> str:
        """A program that an administrator registered by hand."""
        grants = ("authorization_code", "refresh_token", DEVICE_GRANT)
        self.clients[client_id] = Client(client_id, (redirect,), grants, secret)
        return client_id

    @property
    def living_tokens(self) -> list[Token]:
        """Those with which one could still do something."""
        return [
            token
            for token in self.tokens
            if not (token.access_revoked and (token.refresh is None or token.refresh_revoked))
        ]

    def expire_access_tokens(self) -> None:
        """All access tokens are over; their refresh tokens still work."""
        for token in self.tokens:
            token.ends = 0.0

    def revoke_everything(self) -> None:
        """As after a new password."""
        for token in self.tokens:
            token.access_revoked = token.refresh_revoked = True

    def decide(self, user_code: str, user: str, *, allow: bool = True) -> None:
        """What the person does with a device code, past the page for it."""
        self.decisions[user_code] = (user, allow)

    # What it answers ------------------------------------------------------------------------

    def metadata(self) -> dict[str, object]:
        url = "https://otro.acceso.test" if "other-issuer" in self.faults else self.url
        return {
            "issuer": url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "registration_endpoint": f"{self.url}/register",
            "revocation_endpoint": f"{self.url}/revoke",
            "introspection_endpoint": f"{self.url}/introspect",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "device_authorization_endpoint": f"{self.url}/device",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_GRANT],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
        }

    def answer(
        self,
        method: str,
        target: str,
        form: dict[str, str],
        headers: Mapping[str, str],
        body: bytes,
    ) -> _Reply:
        """One request. Everything is serial: tests look at what is left behind."""
        with self._lock:
            path = urlsplit(target).path
            self.asked.append(f"{method} {path}")
            try:
                return self._answer(method, path, target, form, headers, body)
            except Exception as error:
                self.crashes.append(repr(error))
                raise

    def _answer(
        self,
        method: str,
        path: str,
        target: str,
        form: dict[str, str],
        headers: Mapping[str, str],
        body: bytes,
    ) -> _Reply:
        uri = f"{self.url}{target}"
        if path == "/.well-known/oauth-authorization-server":
            if "metadata-redirect" in self.faults:
                return _Reply(302, "", [("Location", f"{self.url}/elsewhere")])
            return _Reply(200, self.metadata(), [])
        match (method, path):
            case ("GET", "/elsewhere"):
                return _Reply(200, self.metadata(), [])
            case ("GET" | "POST", "/authorize"):
                return self._authorize(method, uri, form, headers)
            case ("POST", "/token"):
                reply: _Reply = self.oauth.create_token_response(
                    _Request(method, uri, form, headers)
                )
                return reply
            case ("POST", "/register"):
                if "closed" in self.faults:
                    return _Reply(403, {"error": "access_denied"}, [])
                return self._endpoint(
                    "client_registration", _Json(method, uri, json.loads(body), headers)
                )
            case ("POST", "/revoke"):
                return self._endpoint("revocation", _Request(method, uri, form, headers))
            case ("POST", "/introspect"):
                return self._endpoint("introspection", _Request(method, uri, form, headers))
            case ("POST", "/device"):
                return self._endpoint("device_authorization", _Request(method, uri, form, headers))
            case ("GET", "/userinfo"):
                return self._userinfo(headers)
            case _:
                return _Reply(404, "", [])

    def _endpoint(self, name: str, request: object) -> _Reply:
        reply: _Reply = self.oauth.create_endpoint_response(name, request)
        return reply

    def _authorize(
        self, method: str, uri: str, form: dict[str, str], headers: Mapping[str, str]
    ) -> _Reply:
        request = _Request("GET", uri, {}, headers)
        if method == "GET":
            self.queries.append(dict(request.args))
        try:
            self.oauth.get_consent_grant(request)
        except OAuth2Error as error:
            return _Reply(400, f"<h1>{escape(str(error))}</h1>", [])
        if "server-error" in self.faults:
            return self._back(request, {"error": "server_error", "error_description": "Mañana"})
        if "admin-consent" in self.faults:
            text = "AADSTS90094: An administrator must grant consent."
            return self._back(request, {"error": "access_denied", "error_description": text})
        user = form.get("user", "")
        if method == "GET" or ("allow" in form and self.users.get(user) != form.get("password")):
            hint = request.args.get("login_hint", "")
            return _Reply(200, _SIGN_IN_PAGE.format(hint=escape(user or hint)), [])
        granted = user if "allow" in form else None
        request = _Request("POST", uri, form, headers)
        reply: _Reply = self.oauth.create_authorization_response(
            request, grant_user=granted, grant=self.oauth.get_authorization_grant(request)
        )
        return self._mended(reply)

    def _mended(self, reply: _Reply) -> _Reply:
        """The redirect with what is switched on as a fault."""
        place = reply.location
        if place is None:
            return reply
        base, _, query = place.partition("?")
        found = dict(parse_qsl(query))
        if "wrong-state" in self.faults:
            found["state"] = "de-otra-persona"
        if "wrong-iss" in self.faults:
            found["iss"] = "https://otro.acceso.test"
        if "no-iss" in self.faults:
            found.pop("iss", None)
        reply.location = f"{base}?{urlencode(found)}"
        return reply

    def _back(self, request: _Request, found: dict[str, str]) -> _Reply:
        found |= {"state": request.args.get("state", ""), "iss": self.url}
        place = f"{request.args['redirect_uri']}?{urlencode(found)}"
        return self._mended(_Reply(302, "", [("Location", place)]))

    def _userinfo(self, headers: Mapping[str, str]) -> _Reply:
        kind, _, value = headers.get("Authorization", "").partition(" ")
        token = next((one for one in self.tokens if one.access == value), None)
        if kind != "Bearer" or token is None or token.is_revoked() or token.is_expired():
            return _Reply(401, {"error": "invalid_token"}, [])
        return _Reply(200, {"sub": token.user, "email": token.user}, [])


_SIGN_IN_PAGE = """<!DOCTYPE html><html lang="es"><head><meta charset="utf-8">
<title>Acceso</title></head><body><h1>Entrar</h1>
<form method="post">
<label>Correo <input id="user" name="user" value="{hint}"></label>
<label>Contraseña <input id="password" name="password" type="password"></label>
<button id="allow" name="allow" value="1">Permitir</button>
<button id="deny" name="deny" value="1">Denegar</button>
</form></body></html>"""


def _server(issuer: Issuer) -> Any:
    """Authlib's authorization server over the issuer's tables."""

    class Server(AuthorizationServer):  # type: ignore[misc]
        def query_client(self, client_id: str) -> Client | None:
            return issuer.clients.get(client_id)

        def save_token(self, token: dict[str, Any], request: Any) -> None:
            issuer.tokens.append(
                Token(
                    token["access_token"],
                    token.get("refresh_token"),
                    request.client.get_client_id(),
                    token["scope"],
                    request.user,
                    time.time() + token["expires_in"],
                )
            )

        def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
            """Nobody listens."""

        def create_oauth2_request(self, request: Any) -> Any:
            return request

        def create_json_request(self, request: Any) -> Any:
            return request

        def handle_response(self, status: int, body: Any, headers: Any) -> _Reply:
            return _Reply(status, body, list(headers))

    class OpenId(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return any(code.nonce == nonce for code in issuer.codes.values())

        def resolve_client_private_key(self, client: Client) -> OctKey:
            return issuer.key

        def get_client_algorithm(self, client: Client) -> str:
            return "HS256"

        def get_client_claims(self, client: Client) -> dict[str, object]:
            return {"iss": issuer.url, "aud": [client.id]}

        def generate_user_info(self, user: str, scope: str) -> dict[str, str]:
            return {"sub": user, **({"email": user} if "email" in scope.split() else {})}

        def process_token(self, grant: Any, response: Any) -> Any:
            if "no-id-token" in issuer.faults:
                return None
            return super().process_token(grant, response)

    class ByCode(AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ("none", "client_secret_post")

        def save_authorization_code(self, code: str, request: Any) -> None:
            data = request.payload.data
            granted = [
                word
                for word in (request.payload.scope or "").split()
                if word not in issuer.refused_scopes
            ]
            issuer.codes[code] = Code(
                code,
                request.client.get_client_id(),
                request.payload.redirect_uri,
                " ".join(granted),
                request.user,
                data.get("nonce"),
                data.get("code_challenge"),
                data.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            found = issuer.codes.get(code)
            return found if found is not None and found.client_id == client.id else None

        def delete_authorization_code(self, authorization_code: Code) -> None:
            issuer.codes.pop(authorization_code.code, None)

        def authenticate_user(self, authorization_code: Code) -> str:
            return authorization_code.user

    class Refresh(RefreshTokenGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ("none", "client_secret_post")
        INCLUDE_NEW_REFRESH_TOKEN = True

        def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
            return next(
                (
                    token
                    for token in issuer.tokens
                    if token.refresh == refresh_token and not token.refresh_revoked
                ),
                None,
            )

        def authenticate_user(self, refresh_token: Token) -> str:
            return refresh_token.user

        def revoke_old_credential(self, refresh_token: Token) -> None:
            refresh_token.access_revoked = refresh_token.refresh_revoked = True

    class Revocation(RevocationEndpoint):  # type: ignore[misc]
        CLIENT_AUTH_METHODS = ("none", "client_secret_post")

        def query_token(self, token_string: str, token_type_hint: str) -> Token | None:
            return _known(issuer, token_string)

        def revoke_token(self, token: Token, request: Any) -> None:
            token.access_revoked = True
            if request.form["token"] == token.refresh:
                token.refresh_revoked = True

    class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
        CLIENT_AUTH_METHODS = ("client_secret_basic",)

        def check_permission(self, token: Token, client: Client, request: Any) -> bool:
            return client.id == RESOURCE_SERVER[0]

        def query_token(self, token_string: str, token_type_hint: str) -> Token | None:
            found = _known(issuer, token_string)
            return found if found is not None and found.access == token_string else None

        def introspect_token(self, token: Token) -> dict[str, object]:
            return {
                "active": True,
                "email": token.user,
                "username": token.user,
                "scope": token.scope,
                "client_id": token.client_id,
                "exp": int(token.ends),
            }

    class Registration(ClientRegistrationEndpoint):  # type: ignore[misc]
        def authenticate_token(self, request: Any) -> bool:
            return True

        def get_server_metadata(self) -> dict[str, object]:
            return {}

        def generate_client_secret(self, request: Any) -> str:
            return ""

        def save_client(self, info: Any, metadata: Any, request: Any) -> Client:
            client = Client(
                info["client_id"],
                tuple(metadata["redirect_uris"]),
                tuple(metadata.get("grant_types", ())),
            )
            issuer.clients[client.id] = client
            return client

    class Device(DeviceAuthorizationEndpoint):  # type: ignore[misc]
        EXPIRES_IN = 600

        @property
        def INTERVAL(self) -> int:  # noqa: N802 - Authlib's name
            return issuer.interval

        def get_verification_uri(self) -> str:
            if "foreign-page" in issuer.faults:
                return "https://microsoft.example/devicelogin"
            return f"{issuer.url}/codigo"

        def save_device_credential(self, client_id: str, scope: str, data: Any) -> None:
            issuer.devices[data["device_code"]] = DeviceCredentialDict(
                client_id=client_id,
                scope=scope,
                user_code=data["user_code"],
                expires_at=time.time()
                + (-1 if "old-codes" in issuer.faults else data["expires_in"]),
            )

    class ByDevice(DeviceCodeGrant):  # type: ignore[misc]
        def query_device_credential(self, device_code: str) -> DeviceCredentialDict | None:
            return issuer.devices.get(device_code)

        def query_user_grant(self, user_code: str) -> tuple[str, bool] | None:
            return issuer.decisions.get(user_code)

        def should_slow_down(self, credential: DeviceCredentialDict) -> bool:
            return "slow-down" in issuer.faults

    class Names(IssuerParameter):  # type: ignore[misc]
        def get_issuer(self) -> str:
            return issuer.url

    def random_token(**_: object) -> str:
        # As long as Microsoft's are: it has to go in a second step in SMTP and POP3.
        return secrets.token_urlsafe(1200)

    server = Server(scopes_supported=list(SCOPES))
    generator = BearerTokenGenerator(random_token, random_token, lambda *_: issuer.lifetime)
    server.register_token_generator("default", generator)
    server.register_grant(ByCode, [CodeChallenge(required=True), OpenId()])
    server.register_grant(Refresh)
    server.register_grant(ByDevice)
    for endpoint in (Revocation, Introspection, Registration, Device):
        server.register_endpoint(endpoint)
    server.register_extension(lambda target: Names()(target))
    return server


def _known(issuer: Issuer, text: str) -> Token | None:
    return next((token for token in issuer.tokens if text in (token.access, token.refresh)), None)


class _Https(ThreadingHTTPServer):
    context: ssl.SSLContext
    allow_reuse_address = True

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake in the visitor's own thread: browsers open connections in advance.
        request.settimeout(20)
        try:
            secured = self.context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        with secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Visitors who leave in the middle are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    provider: Issuer

    def do_GET(self) -> None:
        self._respond(b"")

    def do_POST(self) -> None:
        self._respond(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _respond(self, body: bytes) -> None:
        form: dict[str, str] = {}
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        reply = self.provider.answer(
            self.command, self.path, form, dict(self.headers.items()), body
        )
        if isinstance(reply.body, str):
            data, kind = reply.body.encode(), "text/html; charset=utf-8"
        else:
            data, kind = json.dumps(reply.body).encode(), "application/json"
        self.send_response(reply.status)
        for name, value in reply.headers:
            if name.lower() not in ("content-type", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is written to the terminal."""
