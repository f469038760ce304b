"""Requests to the token endpoint (RFC 6749 sections 4.1.3 and 6, RFC 7009) and their responses."""

import asyncio
import base64
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from mailsetup.model.json_object import parse_json_object
from mailsetup.model.secret import AccessToken, Secret, plain_without_secrets
from mailsetup.model.sign_in import Client, SignInFailure, SignInFault, Tokens
from mailsetup.model.text import has_control, plain
from mailsetup.net.http import Follow, HttpFailure
from mailsetup.net.network import Network
from mailsetup.oauth.failures import request_failure
from mailsetup.oauth.provider import OAuthProvider

FORM = "application/x-www-form-urlencoded"
_LIMIT = 256 * 1024
_MAX_TOKEN = 9000
"""Octets. A longer one exceeds the 12288 that an SMTP server has to accept (RFC 4954 section 4)."""
_REVOKE_TIMEOUT = 2.5
"""Seconds. The person closes the program and does not need the result."""

# RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628 section 3.5, OpenID Connect Core section 3.1.2.6.
_ERRORS: Final[Mapping[str, SignInFault]] = {
    "access_denied": SignInFault.DENIED,
    "consent_required": SignInFault.ADMIN_CONSENT,
    "expired_token": SignInFault.TIMED_OUT,
    "interaction_required": SignInFault.REFUSED,
    "invalid_client": SignInFault.CLIENT_REFUSED,
    "invalid_grant": SignInFault.CODE_REFUSED,
    "invalid_scope": SignInFault.SCOPE_MISSING,
    "unauthorized_client": SignInFault.CLIENT_REFUSED,
    "unsupported_grant_type": SignInFault.CLIENT_REFUSED,
}

# Microsoft's error numbers are more specific than the OAuth error code: an administrator has to
# consent; the application is unknown in the tenant or not allowed there.
_MICROSOFT_ERRORS: Final[Mapping[str, SignInFault]] = {
    "AADSTS65001": SignInFault.ADMIN_CONSENT,
    "AADSTS90094": SignInFault.ADMIN_CONSENT,
    "AADSTS90095": SignInFault.ADMIN_CONSENT,
    "AADSTS900941": SignInFault.ADMIN_CONSENT,
    "AADSTS65004": SignInFault.DENIED,
    "AADSTS700016": SignInFault.CLIENT_REFUSED,
    "AADSTS7000218": SignInFault.CLIENT_REFUSED,
}


_SECRET_FIELDS = frozenset(
    {"client_secret", "code", "code_verifier", "device_code", "refresh_token"}
)
"""Parameters of a token request that must not be shown where the provider repeats them."""


def failure_from_error(
    error: str, description: str = "", secrets: Sequence[Secret] = ()
) -> SignInFailure:
    """The meaning of an error response. ``secrets`` were sent and are removed from the detail."""
    number = description.partition(":")[0].strip()
    fault = _MICROSOFT_ERRORS.get(number) or _ERRORS.get(error, SignInFault.REFUSED)
    detail = f"{error}: {description}" if description else error
    shown = plain_without_secrets(detail, [("", secret) for secret in secrets], 200)
    return SignInFailure(fault, shown)


async def exchange_code(
    provider: OAuthProvider,
    client: Client,
    code: str,
    *,
    verifier: str,
    redirect: str,
    nonce: str,
    net: Network,
) -> Tokens | SignInFailure:
    """Exchange an authorization code for tokens (RFC 6749 section 4.1.3)."""
    body = WebApplicationClient(client.id).prepare_request_body(
        code=code,
        redirect_uri=redirect,
        code_verifier=verifier,
        **_credentials(provider, client),
    )
    reply = await post(provider.token, body, net)
    if isinstance(reply, SignInFailure):
        return reply
    return read_tokens(reply, client, net, nonce=nonce)


async def refresh_tokens(
    provider: OAuthProvider, client: Client, tokens: Tokens, net: Network
) -> Tokens | SignInFailure:
    """A new access token; a new refresh token replaces the old one (RFC 6749 section 6)."""
    if tokens.refresh is None:
        return SignInFailure(SignInFault.EXPIRED)
    body = WebApplicationClient(client.id).prepare_refresh_body(
        refresh_token=tokens.refresh.reveal(),
        client_id=client.id,
        **_credentials(provider, client),
    )
    reply = await post(provider.token, body, net)
    if isinstance(reply, SignInFailure):
        if reply.fault is SignInFault.CODE_REFUSED:
            return SignInFailure(SignInFault.EXPIRED, reply.detail)
        return reply
    fresh = read_tokens(reply, client, net)
    if isinstance(fresh, SignInFailure):
        return fresh
    return Tokens(
        fresh.access,
        fresh.refresh or tokens.refresh,
        fresh.expires_at,
        fresh.scopes or tokens.scopes,
        fresh.signed_in_as or tokens.signed_in_as,
    )


async def revoke(provider: OAuthProvider, client: Client, tokens: Tokens, net: Network) -> bool:
    """Revoke the tokens (RFC 7009). False where the provider does not support or confirm it.

    Not every provider revokes the access tokens together with the refresh token: both are sent.
    """
    if not provider.revoke:
        return False

    async def revoke_one(token: Secret, hint: str) -> bool:
        form = {"token": token.reveal(), "token_type_hint": hint, "client_id": client.id}
        if client.secret is not None:
            form["client_secret"] = client.secret.reveal()
        body = urlencode(form).encode()
        reply = await net.http.post(provider.revoke, body, FORM, timeout=_REVOKE_TIMEOUT)
        return not isinstance(reply, HttpFailure) and reply.status == 200

    requests = [revoke_one(tokens.access, "access_token")]
    if tokens.refresh is not None:
        requests.append(revoke_one(tokens.refresh, "refresh_token"))
    return all(await asyncio.gather(*requests))


def _credentials(provider: OAuthProvider, client: Client) -> dict[str, str]:
    found = {}
    if client.secret is not None:
        found["client_secret"] = client.secret.reveal()
    if provider.resource:
        found["resource"] = provider.resource
    return found


async def post(url: str, body: str, net: Network) -> dict[str, object] | SignInFailure:
    """Send a form and parse the JSON response; an error response is a failure. No redirects."""
    reply = await net.http.post(url, body.encode(), FORM, limit=_LIMIT)
    host = urlsplit(url).hostname or ""
    if isinstance(reply, HttpFailure):
        return request_failure(reply)
    response = parse_json_object(reply.body)
    if response is None:
        return SignInFailure(SignInFault.MALFORMED, f"{host}: {reply.status}")
    error, description = response.get("error"), response.get("error_description")
    if isinstance(error, str):
        sent = [Secret(value) for name, value in parse_qsl(body) if name in _SECRET_FIELDS]
        return failure_from_error(error, description if isinstance(description, str) else "", sent)
    if reply.status not in (200, 201):
        return SignInFailure(SignInFault.MALFORMED, f"{host}: {reply.status}")
    return response


def read_tokens(
    response: Mapping[str, object], client: Client, net: Network, *, nonce: str = ""
) -> Tokens | SignInFailure:
    """The tokens of a response (RFC 6749 section 5.1); only bearer tokens can be used for mail."""
    try:
        read = WebApplicationClient(client.id).parse_request_body_response(json.dumps(response))
    except (OAuth2Error, ValueError, TypeError, AttributeError):
        return SignInFailure(SignInFault.MALFORMED)
    access, refresh, lifetime = (
        read.get("access_token"),
        read.get("refresh_token"),
        read.get("expires_in"),
    )
    kind = read.get("token_type")
    if not _is_token(access) or (isinstance(kind, str) and kind.lower() != "bearer"):
        return SignInFailure(SignInFault.MALFORMED, plain(str(kind), 60))
    scope = response.get("scope")
    expires_at = None
    if isinstance(lifetime, int | float) and not isinstance(lifetime, bool):
        expires_at = net.clock.monotonic() + float(lifetime)
    return Tokens(
        AccessToken(str(access)),
        Secret(str(refresh)) if _is_token(refresh) else None,
        expires_at,
        tuple(scope.split()) if isinstance(scope, str) else (),
        signed_in_as=_id_token_address(response.get("id_token"), client, nonce),
    )


def _is_token(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= _MAX_TOKEN
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


def _id_token_address(token: object, client: Client, nonce: str) -> str:
    """The address in an ID token that was received from the token endpoint; "" for none.

    TLS authenticates it there: its signature need not be verified (OpenID Connect Core section
    3.1.3.7 point 6). It is used to notice another account, not for authentication.
    """
    if not isinstance(token, str) or len(token) > 64 * 1024:
        return ""
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
    except ValueError:
        return ""
    claims = parse_json_object(payload)
    if claims is None or (nonce and claims.get("nonce") != nonce):
        return ""
    audience = claims.get("aud")
    if client.id not in (audience if isinstance(audience, list) else [audience]):
        return ""
    return address_in_claims(claims)


def address_in_claims(claims: Mapping[str, object]) -> str:
    """The user's address in a provider's claims, as plain text; empty where there is none."""
    for key in ("email", "preferred_username", "upn"):
        value = claims.get(key)
        if isinstance(value, str) and "@" in value and not has_control(value):
            return plain(value, 254)
    return ""


async def userinfo_address(provider: OAuthProvider, tokens: Tokens, net: Network) -> str:
    """The address of the tokens' user from the userinfo endpoint; empty where there is none."""
    if not provider.userinfo or "openid" not in provider.always:
        return ""
    reply = await net.http.get(
        provider.userinfo, limit=_LIMIT, follow=Follow.NOWHERE, bearer=tokens.access
    )
    if isinstance(reply, HttpFailure) or reply.status != 200:
        return ""
    return address_in_claims(parse_json_object(reply.body) or {})


def missing_scopes(wanted: Collection[str], granted: Collection[str]) -> tuple[str, ...]:
    """Requested scopes that were not granted; the person may deselect them in the browser.

    A response without scopes means the requested ones (RFC 6749 section 5.1). Microsoft may return
    a scope with another of its hosts as the prefix.
    """
    if not granted:
        return ()
    short = {scope.rstrip("/").rpartition("/")[2] for scope in granted}
    return tuple(
        scope
        for scope in wanted
        if scope not in granted and scope.rstrip("/").rpartition("/")[2] not in short
    )


def query_parameters(target: str) -> dict[str, str] | None:
    """The parameters of a redirect; None where one is repeated (RFC 6749 section 3.1)."""
    try:
        pairs = parse_qsl(urlsplit(target).query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return None
    found = dict(pairs)
    return found if len(found) == len(pairs) else None
