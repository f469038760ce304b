"""The other endpoints of the OpenID provider of the tests, on Authlib's framework."""

import time
from typing import Any

from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCredentialDict
from authlib.oauth2.rfc9207 import IssuerParameter

from tests.support.servers.oauth_models import RESOURCE_SERVER, Client, IssuerState, Token


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009."""

    CLIENT_AUTH_METHODS = ("none", "client_secret_post")

    def query_token(self, token_string: str, token_type_hint: str) -> Token | None:
        state: IssuerState = self.server.state
        return state.token(token_string)

    def revoke_token(self, token: Token, request: Any) -> None:
        token.access_revoked = True
        if request.form["token"] == token.refresh:
            token.refresh_revoked = True


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """RFC 7662, for the mail server only."""

    CLIENT_AUTH_METHODS = ("client_secret_basic",)

    def check_permission(self, token: Token, client: Client, request: Any) -> bool:
        return client.id == RESOURCE_SERVER[0]

    def query_token(self, token_string: str, token_type_hint: str) -> Token | None:
        found = self.server.state.token(token_string)
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
    """Dynamic registration (RFC 7591)."""

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
        self.server.state.clients[client.id] = client
        return client


class DeviceAuthorization(DeviceAuthorizationEndpoint):  # type: ignore[misc]
    """The device flow's first request (RFC 8628 section 3.1)."""

    EXPIRES_IN = 600

    @property
    def INTERVAL(self) -> int:  # noqa: N802 - Authlib's name
        state: IssuerState = self.server.state
        return state.interval

    def get_verification_uri(self) -> str:
        if "foreign-page" in self.server.state.faults:
            return "https://microsoft.example/devicelogin"
        return f"{self.server.state.url}/codigo"

    def save_device_credential(self, client_id: str, scope: str, data: Any) -> None:
        self.server.state.devices[data["device_code"]] = DeviceCredentialDict(
            client_id=client_id,
            scope=scope,
            user_code=data["user_code"],
            expires_at=time.time()
            + (-1 if "old-codes" in self.server.state.faults else data["expires_in"]),
        )


class IssuerName(IssuerParameter):  # type: ignore[misc]
    """The parameter ``iss`` (RFC 9207)."""

    def __init__(self, state: IssuerState) -> None:
        super().__init__()
        self._state = state

    def get_issuer(self) -> str:
        return self._state.url
