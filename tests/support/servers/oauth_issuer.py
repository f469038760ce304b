"""An OpenID provider on loopback, on Authlib's server framework.

Metadata, dynamic registration, PKCE (enforced, S256 only), refresh with rotation, revocation,
introspection, userinfo and the device flow, over TLS with the test authority. Faults of real
providers can be switched on in ``faults``.
"""

import json
import ssl
import threading
from collections.abc import Mapping
from html import escape
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.oauth2.rfc6749 import OAuth2Error

from tests.support.servers.oauth_http import (
    FormRequest,
    Handler,
    HttpAnswer,
    HttpsServer,
    JsonBodyRequest,
)
from tests.support.servers.oauth_models import DEVICE_GRANT, SCOPES, Client, IssuerState, Token
from tests.support.servers.oauth_server import authorization_server


class Issuer(IssuerState):
    """The provider: `IssuerState` served over HTTPS."""

    def __init__(self, host: str, users: Mapping[str, str]) -> None:
        """``users`` are passwords by address."""
        super().__init__(host, dict(users))
        self.crashes: list[str] = []
        """Defects of this provider itself; the fixture checks that there are none."""
        self._lock = threading.RLock()
        self._server: ThreadingHTTPServer | None = None
        self._oauth = authorization_server(self)

    # Running -------------------------------------------------------------------------------

    def start(self, ip: str, certificate: tuple[Path, Path], port: int = 443) -> None:
        """Serve over TLS, in a thread."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server = HttpsServer((ip, port), Handler)
        server.respond = self.answer
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
        """Clear all tables except the clients, for the next test."""
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
        """Register a client as an administrator does."""
        grants = ("authorization_code", "refresh_token", DEVICE_GRANT)
        self.clients[client_id] = Client(client_id, (redirect,), grants, secret)
        return client_id

    @property
    def active_tokens(self) -> list[Token]:
        """Those of which a part is not revoked."""
        return [
            token
            for token in self.tokens
            if not (token.access_revoked and (token.refresh is None or token.refresh_revoked))
        ]

    def expire_access_tokens(self) -> None:
        """Let all access tokens expire; their refresh tokens still work."""
        for token in self.tokens:
            token.ends = 0.0

    def revoke_everything(self) -> None:
        """Revoke all tokens, as after a change of the password."""
        for token in self.tokens:
            token.access_revoked = token.refresh_revoked = True

    def decide(self, user_code: str, user: str, *, allow: bool = True) -> None:
        """Answer a device code without its page."""
        self.decisions[user_code] = (user, allow)

    # Requests ------------------------------------------------------------------------

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
    ) -> HttpAnswer:
        """Answer one request. One at a time: tests inspect the tables."""
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
    ) -> HttpAnswer:
        uri = f"{self.url}{target}"
        if path == "/.well-known/oauth-authorization-server":
            if "metadata-redirect" in self.faults:
                return HttpAnswer(302, "", [("Location", f"{self.url}/elsewhere")])
            return HttpAnswer(200, self.metadata(), [])
        match (method, path):
            case ("GET", "/elsewhere"):
                return HttpAnswer(200, self.metadata(), [])
            case ("GET" | "POST", "/authorize"):
                return self._authorize(method, uri, form, headers)
            case ("POST", "/token"):
                reply: HttpAnswer = self._oauth.create_token_response(
                    FormRequest(method, uri, form, headers)
                )
                return reply
            case ("POST", "/register"):
                if "closed" in self.faults:
                    return HttpAnswer(403, {"error": "access_denied"}, [])
                return self._endpoint(
                    "client_registration", JsonBodyRequest(method, uri, json.loads(body), headers)
                )
            case ("POST", "/revoke"):
                return self._endpoint("revocation", FormRequest(method, uri, form, headers))
            case ("POST", "/introspect"):
                return self._endpoint("introspection", FormRequest(method, uri, form, headers))
            case ("POST", "/device"):
                return self._endpoint(
                    "device_authorization", FormRequest(method, uri, form, headers)
                )
            case ("GET", "/userinfo"):
                return self._userinfo(headers)
            case _:
                return HttpAnswer(404, "", [])

    def _endpoint(self, name: str, request: object) -> HttpAnswer:
        reply: HttpAnswer = self._oauth.create_endpoint_response(name, request)
        return reply

    def _authorize(
        self, method: str, uri: str, form: dict[str, str], headers: Mapping[str, str]
    ) -> HttpAnswer:
        request = FormRequest("GET", uri, {}, headers)
        if method == "GET":
            self.queries.append(dict(request.args))
        try:
            self._oauth.get_consent_grant(request)
        except OAuth2Error as error:
            return HttpAnswer(400, f"<h1>{escape(str(error))}</h1>", [])
        if "server-error" in self.faults:
            return self._back(request, {"error": "server_error", "error_description": "Mañana"})
        if "admin-consent" in self.faults:
            text = "AADSTS90094: An administrator must grant consent."
            return self._back(request, {"error": "access_denied", "error_description": text})
        user = form.get("user", "")
        if method == "GET" or ("allow" in form and self.users.get(user) != form.get("password")):
            hint = request.args.get("login_hint", "")
            return HttpAnswer(200, _SIGN_IN_PAGE.format(hint=escape(user or hint)), [])
        granted = user if "allow" in form else None
        request = FormRequest("POST", uri, form, headers)
        reply: HttpAnswer = self._oauth.create_authorization_response(
            request, grant_user=granted, grant=self._oauth.get_authorization_grant(request)
        )
        return self._with_faults(reply)

    def _with_faults(self, reply: HttpAnswer) -> HttpAnswer:
        """The redirect, changed by the faults that are switched on."""
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

    def _back(self, request: FormRequest, found: dict[str, str]) -> HttpAnswer:
        found |= {"state": request.args.get("state", ""), "iss": self.url}
        place = f"{request.args['redirect_uri']}?{urlencode(found)}"
        return self._with_faults(HttpAnswer(302, "", [("Location", place)]))

    def _userinfo(self, headers: Mapping[str, str]) -> HttpAnswer:
        kind, _, value = headers.get("Authorization", "").partition(" ")
        token = next((one for one in self.tokens if one.access == value), None)
        if kind != "Bearer" or token is None or token.is_revoked() or token.is_expired():
            return HttpAnswer(401, {"error": "invalid_token"}, [])
        return HttpAnswer(200, {"sub": token.user, "email": token.user}, [])


_SIGN_IN_PAGE = """<!DOCTYPE html><html lang="es"><head><meta charset="utf-8">
<title>Acceso</title></head><body><h1>Entrar</h1>
<form method="post">
<label>Correo <input id="user" name="user" value="{hint}"></label>
<label>Contraseña <input id="password" name="password" type="password"></label>
<button id="allow" name="allow" value="1">Permitir</button>
<button id="deny" name="deny" value="1">Denegar</button>
</form></body></html>"""
