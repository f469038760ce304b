"""A program registers itself, as open providers let everybody (RFC 7591)."""

import json

from mailsetup import __version__
from mailsetup.model.secret import Secret
from mailsetup.model.sign_in import Client, SignInFailure, SignInFault
from mailsetup.model.text import has_control, plain
from mailsetup.net.http import HttpFailure
from mailsetup.net.network import Network
from mailsetup.oauth.failures import not_reached
from mailsetup.oauth.provider import OAuthProvider

_MAX_ID = 2000


async def register(
    provider: OAuthProvider, scopes: tuple[str, ...], redirect: str, net: Network
) -> Client | SignInFailure:
    """Become a public client of the provider. ``redirect`` is where the browser will come back.

    DPoP is not asked for: a token bound to a key cannot be said in OAUTHBEARER.
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
        return not_reached(reply)
    try:
        said = json.loads(reply.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or reply.status not in (200, 201):
        error = said.get("error") if isinstance(said, dict) else None
        word = error if isinstance(error, str) else str(reply.status)
        return SignInFailure(SignInFault.NOT_REGISTERED, plain(word, 120))
    given, secret = said.get("client_id"), said.get("client_secret")
    if not isinstance(given, str) or not given or len(given) > _MAX_ID or has_control(given):
        return SignInFailure(SignInFault.NOT_REGISTERED, "client_id")
    return Client(given, Secret(secret) if isinstance(secret, str) and secret else None)
