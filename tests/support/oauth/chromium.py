"""Chromium without a display, driven by WebDriver (W3C)."""

import base64
import hashlib
import http.client
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.servers.process import Server, answers
from tests.support.servers.real_servers import RealServers

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's reference (WebDriver section 12)."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Chromium:
    """One browser window."""

    def __init__(self, port: int, session: str) -> None:
        self._port = port
        self._session = session

    def open(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self._command("POST", "url", {"url": url})

    def type(self, element: str, text: str) -> None:
        """Replace the text of the element with this id."""
        found = self._find(f"#{element}")
        self._command("POST", f"element/{found}/clear", {})
        self._command("POST", f"element/{found}/value", {"text": text})

    def press(self, element: str) -> None:
        """Press the button with this id, and wait until its page is replaced."""
        page = self._find("html")
        self._command("POST", f"element/{self._find(f'#{element}')}/click", {})
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                self._command("GET", f"element/{page}/name")
            except RuntimeError:  # a stale element: another page is loaded or loading
                return
            time.sleep(0.05)
        raise TimeoutError(f"{element} opens no page")

    def value(self, element: str) -> str:
        """The value of the field with this id."""
        found = self._find(f"#{element}")
        return str(self._command("GET", f"element/{found}/property/value"))

    @property
    def heading(self) -> str:
        """The page's heading; waits until there is one."""
        deadline = time.monotonic() + 20
        while True:
            try:
                return str(self._command("GET", f"element/{self._find('h1')}/text"))
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    @property
    def address(self) -> str:
        """The URL of the page."""
        return str(self._command("GET", "url"))

    def picture(self) -> bytes:
        """A screenshot as PNG."""
        return base64.b64decode(self._command("GET", "screenshot"))

    def close(self) -> None:
        """Close the window; the browser ends with its last one."""
        self._command("DELETE", "")

    def _find(self, selector: str) -> str:
        found = self._command("POST", "element", {"using": "css selector", "value": selector})
        return str(found[_ELEMENT])

    def _command(self, method: str, path: str, body: object = None) -> Any:
        return command(self._port, method, f"/session/{self._session}/{path}".rstrip("/"), body)


def command(port: int, method: str, path: str, body: object = None) -> Any:
    """One command to chromedriver. Raises RuntimeError with its message."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        data = json.dumps(body) if body is not None else None
        connection.request(method, path, data, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        value = json.loads(reply.read())["value"]
    finally:
        connection.close()
    if reply.status != 200:
        raise RuntimeError(f"{value['error']}: {value['message'][:500]}")
    return value


@contextmanager
def chromium(servers: RealServers, folder: Path) -> Iterator[Chromium]:
    """A new browser that resolves the provider's name and trusts its key."""
    driver = shutil.which("chromedriver")
    if driver is None or shutil.which("chromium") is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    port = _free_port()
    server = Server(
        "chromedriver",
        (driver, f"--port={port}", "--allowed-ips=127.0.0.1"),
        folder / "chromedriver.log",
        {"HOME": str(folder)},
    )
    try:
        server.wait_until(lambda: answers("127.0.0.1", port))
        arguments = [
            *FLAGS,
            f"--user-data-dir={folder / 'profile'}",
            f"--host-resolver-rules=MAP id.acceso.test {servers.issuer_ip}",
            f"--ignore-certificate-errors-spki-list={_key_of(servers.issuer_certificate)}",
            "--lang=es",
        ]
        wanted = {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}
        session = command(port, "POST", "/session", {"capabilities": wanted})["sessionId"]
        browser = Chromium(port, session)
        yield browser
        browser.close()
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _key_of(certificate_file: Path) -> str:
    """The SHA-256 hash of a server's public key in Base64, as Chromium's option takes it."""
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
