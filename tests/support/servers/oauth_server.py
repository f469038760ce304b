"""The authorization server of the OpenID provider of the tests, put together from its parts."""

import secrets
import time
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer
from authlib.oauth2.rfc6750.token import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge

from tests.support.servers.oauth_endpoints import (
    DeviceAuthorization,
    Introspection,
    IssuerName,
    Registration,
    Revocation,
)
from tests.support.servers.oauth_grants import CodeGrant, DeviceGrant, IdToken, RotatingRefreshGrant
from tests.support.servers.oauth_http import HttpAnswer
from tests.support.servers.oauth_models import SCOPES, Client, IssuerState, Token


class ProviderServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's authorization server over the provider's tables."""

    def __init__(self, state: IssuerState) -> None:
        super().__init__(scopes_supported=list(SCOPES))
        self.state = state

    def query_client(self, client_id: str) -> Client | None:
        return self.state.clients.get(client_id)

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        self.state.tokens.append(
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
        """No signal has a receiver."""

    def create_oauth2_request(self, request: Any) -> Any:
        return request

    def create_json_request(self, request: Any) -> Any:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> HttpAnswer:
        return HttpAnswer(status, body, list(headers))


def authorization_server(state: IssuerState) -> ProviderServer:
    """All grants and endpoints, over these tables."""

    def random_token(**_: object) -> str:
        # As long as Microsoft's are: it has to go in a second step in SMTP and POP3.
        return secrets.token_urlsafe(1200)

    server = ProviderServer(state)
    generator = BearerTokenGenerator(random_token, random_token, lambda *_: state.lifetime)
    server.register_token_generator("default", generator)
    server.register_grant(CodeGrant, [CodeChallenge(required=True), IdToken(state)])
    server.register_grant(RotatingRefreshGrant)
    server.register_grant(DeviceGrant)
    for endpoint in (Revocation, Introspection, Registration, DeviceAuthorization):
        server.register_endpoint(endpoint)
    server.register_extension(lambda target: IssuerName(state)(target))
    return server
