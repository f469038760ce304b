"""What an issuer says of itself (RFC 8414): where to sign in, for what, and how to register."""

import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from mailsetup.model.hostname import https_url, parse_host
from mailsetup.model.sign_in import SignInFailure, SignInFault
from mailsetup.model.text import plain
from mailsetup.net.http import Follow, HttpFailure, HttpReply
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import owned_domain
from mailsetup.oauth.failures import not_reached
from mailsetup.oauth.provider import OPEN_SCOPE, OAuthProvider, is_of_builtin

_LIMIT = 64 * 1024
_MAX_RESOURCES = 50


def is_issuer(text: str) -> bool:
    """Whether a text is an issuer: HTTPS, a public host, no query, fragment or dot segment."""
    if not https_url(text):
        return False
    parts = urlsplit(text)
    segments = parts.path.split("/")
    return not (parts.query or parts.fragment or "?" in text or "#" in text) and not any(
        segment in (".", "..") for segment in segments
    )


def places(issuer: str) -> tuple[str, str]:
    """Where the metadata stand: by RFC 8414 section 3.1, else as OpenID Connect has them."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    base = f"https://{parts.netloc}"
    return (
        f"{base}/.well-known/oauth-authorization-server{path}",
        f"{base}{path}/.well-known/openid-configuration",
    )


async def ask_issuer(issuer: str, net: Network) -> OAuthProvider | SignInFailure:
    """The provider behind an issuer. Redirects are not followed (RFC 8414 section 3.3)."""
    if not is_issuer(issuer):
        return SignInFailure(SignInFault.METADATA_UNUSABLE, plain(issuer, 200))
    failure = SignInFailure(SignInFault.METADATA_UNUSABLE, issuer)
    for url in places(issuer):
        reply = await net.http.get(url, limit=_LIMIT, follow=Follow.NOWHERE)
        match reply:
            case HttpFailure():
                return not_reached(reply)
            case HttpReply(location=location) if location:
                return SignInFailure(SignInFault.METADATA_REDIRECTED, plain(location, 200))
            case HttpReply(status=200):
                return read(reply.body, issuer)
            case _:
                continue
    return failure


async def completed(provider: OAuthProvider, net: Network) -> OAuthProvider | SignInFailure:
    """A built-in provider with what only its issuer knows; its own endpoints stay."""
    found = await ask_issuer(provider.issuer, net)
    if isinstance(found, SignInFailure):
        return found
    return replace(
        provider,
        register=found.register,
        revoke=found.revoke,
        device=found.device,
        userinfo=found.userinfo,
        names_itself=found.names_itself,
        asks_metadata=False,
    )


def read(body: bytes, issuer: str) -> OAuthProvider | SignInFailure:
    """The metadata of this issuer, and of no other one."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return SignInFailure(SignInFault.METADATA_UNUSABLE, issuer)
    if not isinstance(document, Mapping):
        return SignInFailure(SignInFault.METADATA_UNUSABLE, issuer)
    said = document.get("issuer")
    if said != issuer:
        # Byte for byte: whoever may answer for another's name could take over its sign-ins.
        other = plain(said, 200) if isinstance(said, str) else "—"
        return SignInFailure(SignInFault.METADATA_OTHER_ISSUER, other)

    def url(key: str) -> str:
        return https_url(document.get(key))

    authorize, token = url("authorization_endpoint"), url("token_endpoint")
    problem = _problem(document, issuer, authorize, token)
    if problem:
        return SignInFailure(SignInFault.METADATA_UNUSABLE, problem)
    host = urlsplit(issuer).hostname or issuer
    mail, always = _scopes(_words(document, "scopes_supported"))
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
        imap=mail,
        pop3=mail,
        smtp=mail,
        hosts=_hosts(document, host),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _problem(document: Mapping[str, object], issuer: str, authorize: str, token: str) -> str:
    """Why one cannot sign in there; a name of the metadata, for technicians."""
    if not authorize:
        return "authorization_endpoint"
    owners = {owned_domain(urlsplit(url).hostname or "") for url in (issuer, authorize, token)}
    if not token or len(owners) != 1 or is_of_builtin(authorize):
        # A foreign sign-in page in front of one's own token endpoint collects foreign codes; with
        # both foreign, one's own mail servers would be sent foreign tokens.
        return "token_endpoint"
    wanted = {
        "response_types_supported": "code",
        "code_challenge_methods_supported": "S256",
        "token_endpoint_auth_methods_supported": "none",
    }
    for key, word in wanted.items():
        if key in document and word not in _words(document, key):
            return key
    return ""


def _scopes(supported: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those for mail, and those for a lasting sign-in of which one knows whose it is."""
    if not supported:
        return (OPEN_SCOPE,), ("offline_access", "openid", "email")
    mail = [scope for scope in (OPEN_SCOPE, "mail") if scope in supported][:1]
    return tuple(mail), tuple(
        scope for scope in ("offline_access", "openid", "email") if scope in supported
    )


def _hosts(document: Mapping[str, object], host: str) -> tuple[str, ...]:
    """The issuer's own domain, and the resources that it says are its own (RFC 9728)."""
    found = [owned_domain(host)]
    for resource in _words(document, "protected_resources")[:_MAX_RESOURCES]:
        name = parse_host(urlsplit(resource).hostname or resource)
        if name is not None:
            found.append(name)
    return tuple(dict.fromkeys(found))


def _words(document: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = document.get(key)
    if not isinstance(value, list):
        return ()
    return tuple(word for word in value if isinstance(word, str))
