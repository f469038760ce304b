"""A person with the simplest of browsers: reads the sign-in page, presses a button, goes on."""

import http.client
import socket
import ssl
import threading
from urllib.parse import urlencode, urlsplit

from tests.support.servers.real_servers import RealServers


class Person:
    """Signs in at the provider. ``visited`` are the pages seen: status, address, text."""

    def __init__(
        self,
        servers: RealServers,
        user: str = "ana@acceso.test",
        password: str | None = None,
        *,
        allow: bool = True,
        times: int = 1,
    ) -> None:
        self._world = servers
        self._user = user
        self._password = servers.accounts[user] if password is None else password
        self._allow = allow
        self._times = times
        self._threads: list[threading.Thread] = []
        self.visited: list[tuple[int, str, str]] = []
        self.opened: list[str] = []

    def open(self, url: str) -> None:
        """What a browser does with an address: begin, and let the program go on."""
        self.opened.append(url)
        thread = threading.Thread(target=self._sign_in, args=(url,), daemon=True)
        thread.start()
        self._threads.append(thread)

    def done(self) -> None:
        """Wait until every page has come."""
        for thread in self._threads:
            thread.join(20)

    @property
    def last_page(self) -> str:
        """What the browser shows at the end."""
        self.done()
        return self.visited[-1][2]

    def _sign_in(self, url: str) -> None:
        self.fetch("GET", url)
        button = {"allow": "1"} if self._allow else {"deny": "1"}
        form = urlencode({"user": self._user, "password": self._password, **button})
        place = self.fetch("POST", url, form)
        for _ in range(self._times):
            if place:
                self.fetch("GET", place)

    def fetch(self, method: str, url: str, form: str = "") -> str:
        """One page; where it leads to another one, that one's address."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = _Secure(self._world, host)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=10)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        try:
            connection.request(method, target, form or None, headers)
            reply = connection.getresponse()
            self.visited.append((reply.status, url, reply.read().decode()))
            return reply.getheader("Location", "")
        except OSError as error:
            self.visited.append((0, url, type(error).__name__))
            return ""
        finally:
            connection.close()


class _Secure(http.client.HTTPSConnection):
    """To the provider, by its name."""

    def __init__(self, servers: RealServers, host: str) -> None:
        context = ssl.create_default_context(cafile=str(servers.ca_file))
        super().__init__(host, 443, context=context, timeout=10)
        self._place = (servers.issuer_ip, 443)
        self._tls = context

    def connect(self) -> None:
        plain = socket.create_connection(self._place, 10)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def nobody(_url: str) -> None:
    """A browser that never opens, or is closed at once."""
