"""Constructed sign-ins with invalid tokens."""

from mailsetup.assistant.signin.flow import SignIn, SignInMethod
from mailsetup.model.secret import AccessToken
from mailsetup.model.settings import Account
from mailsetup.model.sign_in import Client, Tokens
from mailsetup.oauth.provider import builtin_for


def sign_in_way(account: Account, *, known: bool) -> SignInMethod:
    """The sign-in at Microsoft; ``known`` is whether this program has a client id there."""
    microsoft = builtin_for(("outlook.office365.com",), None)
    assert microsoft is not None
    return SignInMethod(account, microsoft, Client("example") if known else None)


def sign_in_as(method: SignInMethod, address: str) -> SignIn:
    """A sign-in in which the person chose this address."""
    return SignIn(method, Client("example"), Tokens(AccessToken("example"), signed_in_as=address))
