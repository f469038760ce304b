"""SASL mechanisms (RFC 4422) without I/O, and the choice of one.

Passwords are used in mechanisms for passwords only, access tokens in those for tokens only.

Exactly one mechanism is used for a login: a wrong password must count once at the server, not once
for each mechanism that it offers.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from mailsetup.model.secret import AccessToken, Secret
from mailsetup.model.settings import Authentication, ServerSettings
from mailsetup.model.text import has_control, plain


class SaslError(Exception):
    """The server violated the mechanism; the login must not be trusted."""


class SaslExchange(Protocol):
    """One login with one mechanism. Challenges and responses are raw, not base64."""

    name: str

    def initial(self) -> bytes | None:
        """The initial response, or None where the server sends the first challenge."""
        ...

    def respond(self, challenge: bytes) -> bytes:
        """The response to a challenge. Raises `SaslError`."""
        ...

    def finished(self) -> bool:
        """Whether the server authenticated itself as far as the mechanism demands."""
        ...


class Plain:
    """RFC 4616."""

    name = "PLAIN"

    def __init__(self, username: str, secret: Secret) -> None:
        self._message = f"\0{username}\0{secret.reveal()}".encode()

    def initial(self) -> bytes | None:
        """The whole message."""
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        """The message, as the response to an empty challenge."""
        if challenge:
            raise SaslError
        return self._message

    def finished(self) -> bool:
        """True: TLS has authenticated the server."""
        return True


class Login:
    """The LOGIN mechanism (draft-murchison-sasl-login): user name, then password, each prompted."""

    name = "LOGIN"

    def __init__(self, username: str, secret: Secret) -> None:
        self._answers = [username.encode(), secret.reveal().encode()]

    def initial(self) -> bytes | None:
        """None: the server sends the first challenge."""
        return None

    def respond(self, challenge: bytes) -> bytes:  # noqa: ARG002 - the prompts differ everywhere
        """User name to the first prompt, password to the second."""
        if not self._answers:
            raise SaslError
        return self._answers.pop(0)

    def finished(self) -> bool:
        """True: TLS has authenticated the server."""
        return True


class CramMd5:
    """RFC 2195, for servers that offer nothing better."""

    name = "CRAM-MD5"

    def __init__(self, username: str, secret: Secret) -> None:
        self._username = username
        self._secret = secret

    def initial(self) -> bytes | None:
        """None: the server sends the first challenge."""
        return None

    def respond(self, challenge: bytes) -> bytes:
        """User name and keyed digest of the challenge."""
        digest = hmac.new(self._secret.reveal().encode(), challenge, hashlib.md5).hexdigest()
        return f"{self._username} {digest}".encode()

    def finished(self) -> bool:
        """True: TLS has authenticated the server."""
        return True


class Scram:
    """RFC 5802 and 7677, without channel binding; the server's signature is verified."""

    def __init__(self, name: str, username: str, secret: Secret) -> None:
        # Loading it takes 30 ms.
        import scramp

        self.name = name
        self._client = scramp.ScramClient([name], username, secret.reveal())
        self._client_error: type[Exception] = scramp.ScramException
        self._verified = False
        self._steps = 0

    def initial(self) -> bytes | None:
        """The client-first message."""
        first: str = self._client.get_client_first()
        return first.encode()

    def respond(self, challenge: bytes) -> bytes:
        """The client-final message, then an empty response to the server-final message."""
        self._steps += 1
        try:
            text = challenge.decode()
            if self._steps == 1:
                self._client.set_server_first(text)
                final: str = self._client.get_client_final()
                return final.encode()
            if self._steps == 2:
                self._client.set_server_final(text)
                self._verified = True
                return b""
        except (self._client_error, UnicodeDecodeError, ValueError) as error:
            raise SaslError from error
        raise SaslError

    def accept_final(self, message: bytes) -> None:
        """Verify the server-final message where it comes with the success."""
        if not self._verified:
            self.respond(message)

    def finished(self) -> bool:
        """Whether the server's signature was verified."""
        return self._verified


@dataclass(frozen=True, slots=True)
class TokenFailure:
    """The error that a server reports for a token (RFC 7628 section 3.2.2).

    ``status`` is a word such as ``invalid_token`` or ``insufficient_scope`` (XOAUTH2: an HTTP
    status), ``scope`` the scope that the server demands. Both are plain text, cut.
    """

    status: str
    scope: str = ""

    @property
    def text(self) -> str:
        """Both on one line."""
        return f"{self.status} ({self.scope})" if self.scope else self.status


class Bearer:
    """The common part of OAUTHBEARER and XOAUTH2.

    Any challenge with content is a refusal, stored in ``failure``.
    """

    name: str
    _message: bytes
    _acknowledgement: bytes

    def __init__(self) -> None:
        self.failure: TokenFailure | None = None

    def initial(self) -> bytes | None:
        """The whole message."""
        return self._message

    def respond(self, challenge: bytes) -> bytes:
        """The message for an empty challenge; else the acknowledgement of the refusal."""
        if not challenge:
            return self._message
        if self.failure is not None:
            raise SaslError
        self.failure = _token_failure(challenge)
        return self._acknowledgement

    def finished(self) -> bool:
        """True: TLS has authenticated the server."""
        return True


class OAuthBearer(Bearer):
    """RFC 7628. The refusal is answered with a single U+0001 (section 3.2.3)."""

    name = "OAUTHBEARER"
    _acknowledgement = b"\x01"

    def __init__(
        self, username: str, token: AccessToken, server: ServerSettings | None = None
    ) -> None:
        super().__init__()
        # RFC 5801 section 4: comma and equals sign are escaped in the header.
        name = username.replace("=", "=3D").replace(",", "=2C")
        destination = f"host={server.host}\x01port={server.port}\x01" if server is not None else ""
        self._message = f"n,a={name},\x01{destination}auth=Bearer {token.reveal()}\x01\x01".encode()


class XOAuth2(Bearer):
    """Google's and Microsoft's older form. The refusal is answered with an empty line."""

    name = "XOAUTH2"
    _acknowledgement = b""

    def __init__(self, username: str, token: AccessToken) -> None:
        super().__init__()
        self._message = f"user={username}\x01auth=Bearer {token.reveal()}\x01\x01".encode()


def _token_failure(challenge: bytes) -> TokenFailure:
    try:
        content = json.loads(challenge[:_MAX_TOKEN_FAILURE].decode())
    except (ValueError, RecursionError):
        return TokenFailure("?")
    if not isinstance(content, dict):
        return TokenFailure("?")
    status, scope = content.get("status"), content.get("scope")
    return TokenFailure(
        plain(str(status), 60) if isinstance(status, str | int) else "?",
        plain(scope, 200) if isinstance(scope, str) else "",
    )


_MAX_TOKEN_FAILURE = 8192


@dataclass(frozen=True, slots=True)
class LoginCommand:
    """The login command of a protocol, outside SASL: LOGIN in IMAP, USER and PASS in POP3."""

    name: str = "LOGIN command"


TOKEN_MECHANISMS = ("OAUTHBEARER", "XOAUTH2")
_SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-1")
_CLEARTEXT = ("PLAIN", "LOGIN")


def choose(
    offered: Collection[str],
    authentication: Sequence[Authentication],
    *,
    login_command: bool = False,
    secret: Secret | None = None,
) -> str | None:
    """The one mechanism to use, or None. ``offered`` are names in upper case.

    For an access token as ``secret`` only the mechanisms for tokens are considered.

    SCRAM is preferred because it does not disclose the password. CRAM-MD5 is used only where the
    settings ask for an encrypted password or nothing else is offered; GSSAPI and NTLM never.
    """
    usable = list(offered)
    if isinstance(secret, AccessToken):
        return next((name for name in TOKEN_MECHANISMS if name in usable), None)
    order: list[str] = [*_SCRAM]
    only_encrypted = authentication and all(
        kind is Authentication.PASSWORD_ENCRYPTED for kind in authentication
    )
    if only_encrypted:
        order.append("CRAM-MD5")
    order += _CLEARTEXT
    if login_command:
        order.append(LoginCommand().name)
        usable.append(LoginCommand().name)
    if not only_encrypted:
        order.append("CRAM-MD5")
    return next((name for name in order if name in usable), None)


def exchange(
    name: str, username: str, secret: Secret, server: ServerSettings | None = None
) -> SaslExchange:
    """Start a login with a mechanism from `choose`; OAUTHBEARER names the ``server``."""
    if isinstance(secret, AccessToken):
        match name:
            case "OAUTHBEARER":
                return OAuthBearer(username, secret, server)
            case "XOAUTH2":
                return XOAuth2(username, secret)
            case _:
                raise ValueError(name)
    match name:
        case "PLAIN":
            return Plain(username, secret)
        case "LOGIN":
            return Login(username, secret)
        case "CRAM-MD5":
            return CramMd5(username, secret)
        case "SCRAM-SHA-256" | "SCRAM-SHA-1":
            return Scram(name, username, secret)
        case _:
            raise ValueError(name)


def with_initial(command: bytes, initial: bytes | None, longest: int) -> tuple[bytes, bytes | None]:
    """The command with its initial response, where the line has at most ``longest`` octets.

    The second value is the initial response that has to follow the first challenge, if any. An
    empty one is written ``=`` in the command.
    """
    if initial is None:
        return command, None
    line = command + b" " + (encoded(initial) or b"=")
    return (line, None) if len(line) <= longest else (command, initial)


def is_safe(username: str, secret: Secret) -> bool:
    """Whether name and password have no characters that could end a line or a field."""
    return not has_control(username) and not any(
        ord(char) < 32 or ord(char) == 127 for char in secret.reveal()
    )


def encoded(data: bytes) -> bytes:
    """The message in base64."""
    return base64.b64encode(data)


def decoded(text: bytes) -> bytes:
    """A challenge from base64. Raises `SaslError`."""
    try:
        return base64.b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise SaslError from error
