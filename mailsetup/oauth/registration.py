"""Dynamic client registration (RFC 7591)."""

import json

from mailsetup import __version__
from mailsetup.model.json_object import parse_json_object
from mailsetup.model.secret import Secret
from mailsetup.model.sign_in import Client, SignInFailure, SignInFault
from mailsetup.model.text import has_control, plain
from mailsetup.net.http import HttpFailure
from mailsetup.net.network import Network
from mailsetup.oauth.failures import request_failure
from mailsetup.oauth.provider import OAuthProvider

_MAX_ID = 2000


async def register(
    provider: OAuthProvider, scopes: tuple[str, ...], redirect: str, net: Network
) -> Client | SignInFailure:
    """Register as a public client of the provider, with one redirect URI.

    DPoP is not requested: OAUTHBEARER cannot transmit a token that is bound to a key.
    """
    if not provider.register:
        return SignInFailure(SignInFault.NO_CLIENT)
    grants = ["authorization_code", "refresh_token"]
    if provider.device:
        grants.append("urn:ietf:params:oauth:grant-type:device_code")
    document = {
        "client_name": "mailsetup",
        "redirect_uris": [redirect],
        "grant_types": grants,
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": " ".join(scopes),
        "software_id": "mailsetup",
        "software_version": __version__,
    }
    body = json.dumps(document).encode()
    reply = await net.http.post(provider.register, body, "application/json", limit=64 * 1024)
    if isinstance(reply, HttpFailure):
        return request_failure(reply)
    registered = parse_json_object(reply.body)
    if registered is None or reply.status not in (200, 201):
        error = registered.get("error") if registered is not None else None
        code = error if isinstance(error, str) else str(reply.status)
        return SignInFailure(SignInFault.NOT_REGISTERED, plain(code, 120))
    id, secret = registered.get("client_id"), registered.get("client_secret")
    if not isinstance(id, str) or not id or len(id) > _MAX_ID or has_control(id):
        return SignInFailure(SignInFault.NOT_REGISTERED, "client_id")
    return Client(id, Secret(secret) if isinstance(secret, str) and secret else None)
