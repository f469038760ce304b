"""The results of a sign-in (OAuth 2.0)."""

from dataclasses import dataclass
from enum import StrEnum

from mailsetup.model.file_ownership import OwnershipFault
from mailsetup.model.secret import AccessToken, Secret


class SignInFault(StrEnum):
    """Why there is no token."""

    NO_PROVIDER = "no-provider"
    """No source names endpoints."""
    NO_CLIENT = "no-client"
    """The provider requires a client id, and this program has none there."""
    PORT_TAKEN = "port-taken"
    NO_LOOPBACK = "no-loopback"
    TIMED_OUT = "timed-out"
    """The browser was not redirected back: the page was closed, or left open."""
    DENIED = "denied"
    WRONG_STATE = "wrong-state"
    """The redirect does not belong to this sign-in."""
    WRONG_ISSUER = "wrong-issuer"
    """The response comes from another issuer (RFC 9207)."""
    ADMIN_CONSENT = "admin-consent"
    """An administrator of the organisation has to approve the program first."""
    CLIENT_REFUSED = "client-refused"
    """The provider rejects the client id, or does not allow it this grant."""
    SCOPE_MISSING = "scope-missing"
    """Signed in, but without permission to read and send mail."""
    CODE_REFUSED = "code-refused"
    EXPIRED = "expired"
    """The stored sign-in is not valid any more: revoked, expired, or the password was changed."""
    REFUSED = "refused"
    """The provider refuses for another reason, which is the detail."""
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    """The provider's certificate is not valid; nothing was sent."""
    METADATA_REDIRECTED = "metadata-redirected"
    METADATA_OTHER_ISSUER = "metadata-other-issuer"
    METADATA_UNUSABLE = "metadata-unusable"
    NOT_REGISTERED = "not-registered"
    """The provider does not support dynamic client registration (RFC 7591)."""
    MALFORMED = "malformed"
    """The provider's response cannot be parsed."""
    DEVICE_UNSUPPORTED = "device-unsupported"
    """The provider does not support the device grant (RFC 8628)."""


@dataclass(frozen=True, slots=True)
class SignInFailure:
    """A failed sign-in. ``detail`` is one plain line of the provider or the system, cut."""

    fault: SignInFault
    detail: str = ""
    port: int = 0
    """For `SignInFault.PORT_TAKEN`."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a sign-in; the representation does not contain them.

    ``expires_at`` is a time of the monotonic clock in seconds, None where the provider says none.
    ``signed_in_as`` is the address that the user chose in the browser, empty where the provider
    does not say. ``scopes`` are the granted ones, empty where they are those that were requested.
    """

    access: AccessToken
    refresh: Secret | None = None
    expires_at: float | None = None
    scopes: tuple[str, ...] = ()
    signed_in_as: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """This program's registration at a provider (RFC 6749 section 2.2).

    ``secret`` is what some providers (Google) assign to installed programs and do not treat as
    confidential. ``redirect`` is set where the provider requires one redirect URI, port included.
    """

    id: str
    secret: Secret | None = None
    redirect: str = ""


@dataclass(frozen=True, slots=True)
class ClientsFailure:
    """A file of OAuth clients that cannot be used. ``where`` is the place in it, for technicians.

    ``distrust`` is set where others may write the file or its folder, which ``path`` names then.
    """

    path: str
    where: str
    distrust: OwnershipFault | None = None
