"""The form of a sign-in in the keyring."""

import json
from dataclasses import dataclass

from mailsetup.assistant.signin.flow import SignIn, SignInMethod
from mailsetup.model.json_object import parse_json_object
from mailsetup.model.secret import AccessToken, Secret
from mailsetup.model.sign_in import Client, Tokens
from mailsetup.oauth.provider import OAuthProvider


@dataclass(frozen=True, slots=True)
class StoredSignIn:
    """Enough to get a new access token."""

    issuer: str
    """The provider's issuer, or its token endpoint where it has none: no other provider gets it."""
    client_id: str
    refresh: Secret
    signed_in_as: str = ""


def stored_form(one: SignIn) -> StoredSignIn | None:
    """What to store of a sign-in; None where it ends with its access token."""
    if one.tokens.refresh is None:
        return None
    issuer = _identity(one.method.provider)
    return StoredSignIn(issuer, one.client.id, one.tokens.refresh, one.tokens.signed_in_as)


def to_text(stored: StoredSignIn) -> Secret:
    """As one text, for the keyring."""
    document = {
        "issuer": stored.issuer,
        "client_id": stored.client_id,
        "refresh_token": stored.refresh.reveal(),
        "signed_in_as": stored.signed_in_as,
    }
    return Secret(json.dumps(document))


def stored_from_text(text: Secret) -> StoredSignIn | None:
    """The inverse of `to_text`; None for any other text."""
    read = parse_json_object(text.reveal())
    if read is None:
        return None
    words = [read.get(key) for key in ("issuer", "client_id", "refresh_token", "signed_in_as")]
    if not all(isinstance(word, str) for word in words) or not words[2]:
        return None
    issuer, client_id, refresh, signed_in_as = (str(word) for word in words)
    return StoredSignIn(issuer, client_id, Secret(refresh), signed_in_as)


def restored(stored: StoredSignIn, method: SignInMethod) -> SignIn | None:
    """The sign-in, whose token must be renewed; None where it belongs to another provider."""
    if stored.issuer != _identity(method.provider):
        return None
    client = (
        method.client
        if method.client is not None and method.client.id == stored.client_id
        else None
    )
    tokens = Tokens(AccessToken(""), stored.refresh, 0.0, signed_in_as=stored.signed_in_as)
    return SignIn(method, client or Client(stored.client_id), tokens, stored=True)


def _identity(provider: OAuthProvider) -> str:
    return provider.issuer or provider.token
