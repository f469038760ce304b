"""A person with a minimal browser: opens the sign-in page, submits it, follows the redirect."""

import http.client
import socket
import ssl
import threading
from urllib.parse import urlencode, urlsplit

from tests.support.servers.real_servers import RealServers


class Person:
    """Signs in at the provider. ``responses`` are status, URL and text of each page."""

    def __init__(
        self,
        servers: RealServers,
        user: str = "ana@acceso.test",
        password: str | None = None,
        *,
        allow: bool = True,
        times: int = 1,
    ) -> None:
        self._servers = servers
        self._user = user
        self._password = servers.accounts[user] if password is None else password
        self._allow = allow
        self._times = times
        self._threads: list[threading.Thread] = []
        self.responses: list[tuple[int, str, str]] = []
        self.opened: list[str] = []

    def open(self, url: str) -> None:
        """Open a URL in a thread, as a browser does."""
        self.opened.append(url)
        thread = threading.Thread(target=self._sign_in, args=(url,), daemon=True)
        thread.start()
        self._threads.append(thread)

    def done(self) -> None:
        """Wait until all pages are loaded."""
        for thread in self._threads:
            thread.join(20)

    @property
    def last_page(self) -> str:
        """The text of the last page."""
        self.done()
        return self.responses[-1][2]

    def _sign_in(self, url: str) -> None:
        self.fetch("GET", url)
        button = {"allow": "1"} if self._allow else {"deny": "1"}
        form = urlencode({"user": self._user, "password": self._password, **button})
        location = self.fetch("POST", url, form)
        for _ in range(self._times):
            if location:
                self.fetch("GET", location)

    def fetch(self, method: str, url: str, form: str = "") -> str:
        """Load a page; returns the target of its redirect, or ""."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = _Secure(self._servers, host)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=10)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        try:
            connection.request(method, target, form or None, headers)
            reply = connection.getresponse()
            self.responses.append((reply.status, url, reply.read().decode()))
            return reply.getheader("Location", "")
        except OSError as error:
            self.responses.append((0, url, type(error).__name__))
            return ""
        finally:
            connection.close()


class _Secure(http.client.HTTPSConnection):
    """A connection to the provider by its name."""

    def __init__(self, servers: RealServers, host: str) -> None:
        context = ssl.create_default_context(cafile=str(servers.ca_file))
        super().__init__(host, 443, context=context, timeout=10)
        self._endpoint = (servers.issuer_ip, 443)
        self._tls = context

    def connect(self) -> None:
        plain = socket.create_connection(self._endpoint, 10)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def open_no_page(_url: str) -> None:
    """A browser that opens no page."""
