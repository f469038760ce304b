"""HTTP for the OpenID provider of the tests: requests in Authlib's form, over `http.server`."""

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload, JsonRequest


@dataclass
class HttpAnswer:
    """An answer to one request; a ``body`` that is not a text is sent as JSON."""

    status: int
    body: Any
    headers: list[tuple[str, str]]

    @property
    def location(self) -> str | None:
        return dict(self.headers).get("Location")

    @location.setter
    def location(self, value: str) -> None:
        others = [(name, text) for name, text in self.headers if name != "Location"]
        self.headers = [*others, ("Location", value)]


class FormRequest(OAuth2Request):  # type: ignore[misc]
    """A request received by `http.server`, in Authlib's form."""

    def __init__(
        self, method: str, uri: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> None:
        super().__init__(method, uri, headers=headers)
        self._args = dict(parse_qsl(urlsplit(uri).query))
        self._form = dict(form)
        self.payload = BasicOAuth2Payload({**self._args, **self._form})

    @property
    def args(self) -> dict[str, str]:
        return self._args

    @property
    def form(self) -> dict[str, str]:
        return self._form


class JsonBodyRequest(JsonRequest):  # type: ignore[misc]
    """A request with a JSON body, in Authlib's form."""

    def __init__(self, method: str, uri: str, data: Any, headers: Mapping[str, str]) -> None:
        super().__init__(method, uri, headers=headers)
        self.payload = BasicOAuth2Payload(data)


Respond = Callable[[str, str, dict[str, str], Mapping[str, str], bytes], HttpAnswer]
"""Method, target, form, headers and body -> answer."""


class HttpsServer(ThreadingHTTPServer):
    """Serves with TLS, each connection in a thread of its own."""

    context: ssl.SSLContext
    respond: Respond
    allow_reuse_address = True

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake in the connection's thread: browsers open connections in advance.
        request.settimeout(20)
        try:
            secured = self.context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        with secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that close the connection early are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    """Passes each request to its server's ``respond``."""

    def do_GET(self) -> None:
        self._respond(b"")

    def do_POST(self) -> None:
        self._respond(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _respond(self, body: bytes) -> None:
        form: dict[str, str] = {}
        if self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        assert isinstance(self.server, HttpsServer)
        reply = self.server.respond(self.command, self.path, form, dict(self.headers.items()), body)
        if isinstance(reply.body, str):
            data, kind = reply.body.encode(), "text/html; charset=utf-8"
        else:
            data, kind = json.dumps(reply.body).encode(), "application/json"
        self.send_response(reply.status)
        for name, value in reply.headers:
            if name.lower() not in ("content-type", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing is written to the terminal."""
