"""Constructed sign-ins with invalid tokens."""

from mailsetup.assistant.signin.flow import SignIn, SignInWay
from mailsetup.model.secret import AccessToken
from mailsetup.model.settings import Account
from mailsetup.model.sign_in import Client, Tokens
from mailsetup.oauth.provider import builtin_for


def sign_in_way(account: Account, *, known: bool) -> SignInWay:
    """The sign-in at Microsoft; ``known`` is whether this program has a client id there."""
    microsoft = builtin_for(("outlook.office365.com",), None)
    assert microsoft is not None
    return SignInWay(account, microsoft, Client("example") if known else None)


def sign_in_as(way: SignInWay, address: str) -> SignIn:
    """A sign-in in which the person chose this address."""
    return SignIn(way, Client("example"), Tokens(AccessToken("example"), signed_in_as=address))
