"""The metadata of an authorization server (RFC 8414): endpoints, scopes, registration."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from mailsetup.model.hostname import https_url, parse_host
from mailsetup.model.json_object import parse_json_object
from mailsetup.model.sign_in import SignInFailure, SignInFault
from mailsetup.model.text import plain
from mailsetup.net.http import Follow, HttpFailure, HttpReply
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import owned_domain, url_owner
from mailsetup.oauth.failures import request_failure
from mailsetup.oauth.provider import OPEN_SCOPE, OAuthProvider, is_of_builtin

_LIMIT = 64 * 1024
_MAX_RESOURCES = 50


def is_issuer(text: str) -> bool:
    """Whether a text is an issuer: an HTTPS URL without query, fragment and dot segments."""
    if not https_url(text):
        return False
    parts = urlsplit(text)
    segments = parts.path.split("/")
    return not (parts.query or parts.fragment or "?" in text or "#" in text) and not any(
        segment in (".", "..") for segment in segments
    )


def metadata_urls(issuer: str) -> tuple[str, str]:
    """The URLs of the metadata: by RFC 8414 section 3.1, then by OpenID Connect Discovery."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    base = f"https://{parts.netloc}"
    return (
        f"{base}/.well-known/oauth-authorization-server{path}",
        f"{base}{path}/.well-known/openid-configuration",
    )


async def fetch_metadata(issuer: str, net: Network) -> OAuthProvider | SignInFailure:
    """The provider of an issuer. Redirects are not followed (RFC 8414 section 3.3)."""
    if not is_issuer(issuer):
        return SignInFailure(SignInFault.METADATA_UNUSABLE, plain(issuer, 200))
    failure = SignInFailure(SignInFault.METADATA_UNUSABLE, issuer)
    for url in metadata_urls(issuer):
        reply = await net.http.get(url, limit=_LIMIT, follow=Follow.NOWHERE)
        match reply:
            case HttpFailure():
                return request_failure(reply)
            case HttpReply(location=location) if location:
                return SignInFailure(SignInFault.METADATA_REDIRECTED, plain(location, 200))
            case HttpReply(status=200):
                return parse_metadata(reply.body, issuer)
            case _:
                continue
    return failure


async def with_metadata(provider: OAuthProvider, net: Network) -> OAuthProvider | SignInFailure:
    """A built-in provider with the optional endpoints of its metadata; the others are unchanged."""
    found = await fetch_metadata(provider.issuer, net)
    if isinstance(found, SignInFailure):
        return found
    return replace(
        provider,
        register=found.register,
        revoke=found.revoke,
        device=found.device,
        userinfo=found.userinfo,
        sends_issuer=found.sends_issuer,
        needs_metadata=False,
    )


def parse_metadata(body: bytes, issuer: str) -> OAuthProvider | SignInFailure:
    """The provider that the metadata describe; they must name exactly this issuer."""
    document = parse_json_object(body)
    if document is None:
        return SignInFailure(SignInFault.METADATA_UNUSABLE, issuer)
    named = document.get("issuer")
    if named != issuer:
        # Compared byte for byte: otherwise one issuer could answer for another one.
        other = plain(named, 200) if isinstance(named, str) else "—"
        return SignInFailure(SignInFault.METADATA_OTHER_ISSUER, other)

    def url(key: str) -> str:
        return https_url(document.get(key))

    authorize, token = url("authorization_endpoint"), url("token_endpoint")
    unusable = _unusable_field(document, issuer, authorize, token)
    if unusable:
        return SignInFailure(SignInFault.METADATA_UNUSABLE, unusable)
    host = urlsplit(issuer).hostname or issuer
    mail, always = _scopes(_strings(document, "scopes_supported"))
    return OAuthProvider(
        host,
        host,
        issuer,
        authorize,
        token,
        device=url("device_authorization_endpoint"),
        revoke=url("revocation_endpoint"),
        userinfo=url("userinfo_endpoint"),
        register=url("registration_endpoint"),
        always=always,
        mail=mail,
        hosts=_hosts(document, host),
        sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _unusable_field(document: Mapping[str, object], issuer: str, authorize: str, token: str) -> str:
    """The name of a field that makes a sign-in impossible; "" where there is none."""
    if not authorize:
        return "authorization_endpoint"
    owners = {url_owner(url) for url in (issuer, authorize, token)}
    if not token or len(owners) != 1 or is_of_builtin(authorize):
        # With another provider's authorization endpoint this token endpoint would receive that
        # provider's codes; with both, this issuer's mail servers would receive its tokens.
        return "token_endpoint"
    wanted = {
        "response_types_supported": "code",
        "code_challenge_methods_supported": "S256",
        "token_endpoint_auth_methods_supported": "none",
    }
    for key, word in wanted.items():
        if key in document and word not in _strings(document, key):
            return key
    return ""


def _scopes(supported: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The scopes for mail, and those for a refresh token and the user's address."""
    if not supported:
        return (OPEN_SCOPE,), ("offline_access", "openid", "email")
    mail = [scope for scope in (OPEN_SCOPE, "mail") if scope in supported][:1]
    return tuple(mail), tuple(
        scope for scope in ("offline_access", "openid", "email") if scope in supported
    )


def _hosts(document: Mapping[str, object], host: str) -> tuple[str, ...]:
    """The issuer's domain, and the hosts of its protected resources (RFC 9728)."""
    found = [owned_domain(host)]
    for resource in _strings(document, "protected_resources")[:_MAX_RESOURCES]:
        name = parse_host(urlsplit(resource).hostname or resource)
        if name is not None:
            found.append(name)
    return tuple(dict.fromkeys(found))


def _strings(document: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = document.get(key)
    if not isinstance(value, list):
        return ()
    return tuple(text for text in value if isinstance(text, str))
