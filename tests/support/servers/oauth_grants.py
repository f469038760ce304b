"""The grants of the OpenID provider of the tests, on Authlib's framework."""

from typing import Any

from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc8628 import DeviceCodeGrant, DeviceCredentialDict
from authlib.oidc.core import OpenIDCode
from joserfc.jwk import OctKey

from tests.support.servers.oauth_models import Client, Code, IssuerState, Token


class IdToken(OpenIDCode):  # type: ignore[misc]
    """OpenID Connect: the ID token of a sign-in."""

    def __init__(self, state: IssuerState) -> None:
        super().__init__()
        self._state = state

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return any(code.nonce == nonce for code in self._state.codes.values())

    def resolve_client_private_key(self, client: Client) -> OctKey:
        return self._state.key

    def get_client_algorithm(self, client: Client) -> str:
        return "HS256"

    def get_client_claims(self, client: Client) -> dict[str, object]:
        return {"iss": self._state.url, "aud": [client.id]}

    def generate_user_info(self, user: str, scope: str) -> dict[str, str]:
        return {"sub": user, **({"email": user} if "email" in scope.split() else {})}

    def process_token(self, grant: Any, response: Any) -> Any:
        if "no-id-token" in self._state.faults:
            return None
        return super().process_token(grant, response)


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """The authorization code flow (RFC 6749 section 4.1)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none", "client_secret_post")

    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        granted = [
            word
            for word in (request.payload.scope or "").split()
            if word not in self.server.state.refused_scopes
        ]
        self.server.state.codes[code] = Code(
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
        found = self.server.state.codes.get(code)
        return found if found is not None and found.client_id == client.id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        self.server.state.codes.pop(authorization_code.code, None)

    def authenticate_user(self, authorization_code: Code) -> str:
        return authorization_code.user


class RotatingRefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """Refresh tokens with rotation (RFC 6749 section 6)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none", "client_secret_post")
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        return next(
            (
                token
                for token in self.server.state.tokens
                if token.refresh == refresh_token and not token.refresh_revoked
            ),
            None,
        )

    def authenticate_user(self, refresh_token: Token) -> str:
        return refresh_token.user

    def revoke_old_credential(self, refresh_token: Token) -> None:
        refresh_token.access_revoked = refresh_token.refresh_revoked = True


class DeviceGrant(DeviceCodeGrant):  # type: ignore[misc]
    """The device flow's polls (RFC 8628 section 3.4)."""

    def query_device_credential(self, device_code: str) -> DeviceCredentialDict | None:
        return self.server.state.devices.get(device_code)

    def query_user_grant(self, user_code: str) -> tuple[str, bool] | None:
        state: IssuerState = self.server.state
        return state.decisions.get(user_code)

    def should_slow_down(self, credential: DeviceCredentialDict) -> bool:
        return "slow-down" in self.server.state.faults
