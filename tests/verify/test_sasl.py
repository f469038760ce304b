"""The choice of a mechanism, and the messages of each."""

import base64
from typing import Protocol

import pytest
from scramp import ScramMechanism

from mailsetup.model.secret import Secret
from mailsetup.model.settings import Authentication
from mailsetup.verify.sasl import SaslError, Scram, choose, exchange, is_safe

CLEAR = (Authentication.PASSWORD_CLEARTEXT,)
ENCRYPTED = (Authentication.PASSWORD_ENCRYPTED,)


@pytest.mark.parametrize(
    ("offered", "authentication", "login_command", "expected"),
    [
        ({"PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"}, CLEAR, True, "SCRAM-SHA-256"),
        ({"PLAIN", "LOGIN", "SCRAM-SHA-1"}, CLEAR, True, "SCRAM-SHA-1"),
        ({"PLAIN", "LOGIN", "CRAM-MD5"}, CLEAR, True, "PLAIN"),
        ({"LOGIN", "CRAM-MD5"}, CLEAR, False, "LOGIN"),
        (set(), CLEAR, True, "LOGIN command"),
        ({"CRAM-MD5"}, CLEAR, False, "CRAM-MD5"),
        ({"CRAM-MD5", "PLAIN"}, ENCRYPTED, False, "CRAM-MD5"),
        ({"GSSAPI", "NTLM", "XOAUTH2"}, CLEAR, False, None),
        (set(), CLEAR, False, None),
    ],
)
def test_the_safest_usable_mechanism_is_chosen(
    offered: set[str],
    authentication: tuple[Authentication, ...],
    login_command: bool,
    expected: str | None,
) -> None:
    assert choose(offered, authentication, login_command=login_command) == expected


def test_plain_carries_name_and_password_in_utf8() -> None:
    assert exchange("PLAIN", "añ", Secret("contraseña")).initial() == "\0añ\0contraseña".encode()


def test_cram_md5_computes_the_example_of_its_rfc() -> None:
    # RFC 2195 section 2.
    login = exchange("CRAM-MD5", "tim", Secret("tanstaaftanstaaf"))
    challenge = base64.b64decode("PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+")
    assert login.respond(challenge) == b"tim b913a602c7eda7a495b4e6e7334d3890"


class ScramServer(Protocol):
    """The interface of scramp's server."""

    def set_client_first(self, message: str) -> None: ...
    def get_server_first(self) -> str: ...
    def set_client_final(self, message: str) -> None: ...
    def get_server_final(self) -> str: ...


def begun_scram() -> tuple[Scram, ScramServer, bytes]:
    """A login after its first message, the server, and its challenge."""
    mechanism = ScramMechanism("SCRAM-SHA-256")
    salt, stored, key, count = mechanism.make_auth_info("geheim", iteration_count=4096)
    server: ScramServer = mechanism.make_server(lambda _name: (salt, stored, key, count))
    login = Scram("SCRAM-SHA-256", "ana", Secret("geheim"))
    first = login.initial()
    assert first is not None
    server.set_client_first(first.decode())
    return login, server, server.get_server_first().encode()


def test_scram_logs_in_and_verifies_the_server() -> None:
    login, server, challenge = begun_scram()
    server.set_client_final(login.respond(challenge).decode())
    assert not login.finished()
    assert login.respond(server.get_server_final().encode()) == b""
    assert login.finished()


def test_scram_rejects_a_server_without_the_password() -> None:
    login, _server, challenge = begun_scram()
    login.respond(challenge)
    with pytest.raises(SaslError):
        login.respond(b"v=" + base64.b64encode(b"x" * 32))
    assert not login.finished()


@pytest.mark.parametrize("challenge", [b"", b"\xff\xfe", b"r=short", b"r=x,s=!!,i=1"])
def test_scram_rejects_malformed_challenges(challenge: bytes) -> None:
    login = Scram("SCRAM-SHA-256", "ana", Secret("geheim"))
    login.initial()
    with pytest.raises(SaslError):
        login.respond(challenge)


@pytest.mark.parametrize(
    ("username", "password", "good"),
    [("ana", "ñ€", True), ("a\nb", "x", False), ("ana", "a\0b", False), ("ana", "a\rb", False)],
)
def test_names_and_passwords_with_control_characters_are_not_safe_to_send(
    username: str, password: str, *, good: bool
) -> None:
    assert is_safe(username, Secret(password)) is good
