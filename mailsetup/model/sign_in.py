"""The results of a sign-in (OAuth 2.0)."""

from dataclasses import dataclass
from enum import StrEnum

from mailsetup.model.ownership import OwnershipFault
from mailsetup.model.secret import AccessToken, Secret


class SignInFault(StrEnum):
    """Why there is no token."""

    NO_PROVIDER = "no-provider"
    """Nobody says where one could sign in."""
    NO_CLIENT = "no-client"
    """The provider knows programs by an id, and this one has none there."""
    PORT_TAKEN = "port-taken"
    NO_LOOPBACK = "no-loopback"
    TIMED_OUT = "timed-out"
    """Nobody came back: the page was closed, or left open."""
    DENIED = "denied"
    WRONG_STATE = "wrong-state"
    """Somebody came back who was not sent by this sign-in."""
    WRONG_ISSUER = "wrong-issuer"
    """The answer comes from another provider than the one that was asked (RFC 9207)."""
    ADMIN_CONSENT = "admin-consent"
    """An administrator of the organisation has to allow the program first."""
    CLIENT_REFUSED = "client-refused"
    """The provider does not know the client id, or not for this way of signing in."""
    SCOPE_MISSING = "scope-missing"
    """Signed in, but without leave to read and send mail."""
    CODE_REFUSED = "code-refused"
    EXPIRED = "expired"
    """The kept sign-in is over: revoked, too old, or the password was changed."""
    REFUSED = "refused"
    """The provider says no for a reason of its own, which is the detail."""
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    """The provider's certificate is not valid, so that nothing was said to it."""
    METADATA_REDIRECTED = "metadata-redirected"
    METADATA_OTHER_ISSUER = "metadata-other-issuer"
    METADATA_UNUSABLE = "metadata-unusable"
    NOT_REGISTERED = "not-registered"
    """The provider does not take programs that register themselves."""
    MALFORMED = "malformed"
    """The provider's answer is none."""
    DEVICE_UNSUPPORTED = "device-unsupported"
    """The provider has no sign-in by a code."""


@dataclass(frozen=True, slots=True)
class SignInFailure:
    """A sign-in that did not come about. ``detail`` is one plain line, cut, in others' words."""

    fault: SignInFault
    detail: str = ""
    port: int = 0
    """For `SignInFault.PORT_TAKEN`."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gave. It shows nothing of itself, as its parts are secrets.

    ``expires_at`` is a time of the run's monotonic clock, in seconds; None where nobody said.
    ``signed_in_as`` is the address that the person chose in the browser, as the provider tells it;
    empty where it does not. ``scopes`` are those granted, empty where they are those asked for.
    """

    access: AccessToken
    refresh: Secret | None = None
    expires_at: float | None = None
    scopes: tuple[str, ...] = ()
    signed_in_as: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """How this program is known at a provider (RFC 6749 section 2.2).

    ``secret`` is what some providers (Google) give to programs on people's computers and do not
    treat as one. ``redirect`` is set where the provider insists on one address, port included.
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
