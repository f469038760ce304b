"""With ``SSLKEYLOGFILE`` in the environment no session keys are written."""

import ssl
from pathlib import Path

import pytest

from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure, Dialer
from mailsetup.net.tls import (
    blank_context,
    holds_certificates,
    inspecting_context,
    verifying_context,
)
from tests.support.network.loopback import (
    HOST,
    authority,
    only_loopback,
    sending,
    server_context,
    serving,
)


@pytest.fixture
def key_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(path))
    return path


@pytest.fixture(params=["with trust anchors of the system", "without"])
def ca_file(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    if request.param == "without":
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    path = tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return path


def keys_in(key_log: Path) -> bytes:
    return key_log.read_bytes() if key_log.exists() else b""


async def test_session_keys_are_not_written_to_the_key_log(key_log: Path, ca_file: Path) -> None:
    assert holds_certificates(ca_file)
    dial = Dialer(only_loopback, lambda: verifying_context([ca_file]), allow_loopback=True)
    async with serving(sending(b"* OK hi\r\n"), server_context()) as server:
        connection = await dial(HOST, server.port, implicit_tls=True)
        assert isinstance(connection, Connection)
        assert await connection.read_line() == b"* OK hi"
        connection.close()
    async with serving(sending(b""), server_context("another.example")) as server:
        refused = await dial(HOST, server.port, implicit_tls=True, explain=True)
        assert isinstance(refused, ConnectFailure)
        assert refused.tls is not None
        assert refused.tls.certificate is not None
    assert keys_in(key_log) == b""


def test_default_context_of_python_uses_the_key_log(key_log: Path) -> None:
    """The test above would fail with a default context."""
    assert ssl.create_default_context().keylog_filename == str(key_log)


def test_contexts_have_no_key_log(key_log: Path, ca_file: Path) -> None:
    for context in (blank_context(), inspecting_context(), verifying_context([ca_file])):
        assert context.keylog_filename is None
