"""What a sign-in can come to: values, never exceptions."""

from urllib.parse import urlsplit

from mailsetup.model.sign_in import SignInFailure, SignInFault
from mailsetup.net.http import HttpFailure, HttpFault


def not_reached(failure: HttpFailure) -> SignInFailure:
    """Why no answer came from a provider; the detail is its host."""
    host = urlsplit(failure.url).hostname or ""
    untrusted = failure.fault is HttpFault.TLS
    return SignInFailure(SignInFault.UNTRUSTED if untrusted else SignInFault.UNREACHABLE, host)
