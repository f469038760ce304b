"""Failed requests as failures of a sign-in."""

from urllib.parse import urlsplit

from mailsetup.model.sign_in import SignInFailure, SignInFault
from mailsetup.net.http import HttpFailure, HttpFault


def request_failure(failure: HttpFailure) -> SignInFailure:
    """The failure of a request to a provider; the detail is the provider's host."""
    host = urlsplit(failure.url).hostname or ""
    untrusted = failure.fault is HttpFault.TLS
    return SignInFailure(SignInFault.UNTRUSTED if untrusted else SignInFault.UNREACHABLE, host)
