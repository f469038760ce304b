"""nginx: the web server of the real servers."""

from pathlib import Path

from tests.support.servers.configs import nginx
from tests.support.servers.hosting import (
    AUTODISCOVER,
    PACC,
    PENISCOLA,
    SIGN_IN_CONFIG,
    clientconfig,
)
from tests.support.servers.process import Server, answers, start_server

_PATH = "/mail/config-v1.1.xml"
_WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"


class WebServer:
    """Serves a folder for each host name, over HTTP and HTTPS."""

    def __init__(self, folder: Path, ip: str, certificate: tuple[Path, Path]) -> None:
        self._folder = folder
        self._ip = ip
        self._certificate = certificate

    def start(self) -> Server:
        """Start it. Returns when it answers."""
        self._publish()
        config = self._folder / "nginx.conf"
        served = f"""\
            default_type text/xml;
            server {{
              listen {self._ip}:80;
              listen {self._ip}:443 ssl;
              ssl_certificate {self._certificate[0]};
              ssl_certificate_key {self._certificate[1]};
              root {self._folder}/www/$host;
              # The answer to a POST is the file, too.
              error_page 405 =200 $uri;
            }}
            """
        config.write_text(nginx(self._folder, served, log=f"{self._folder}/nginx-access.log"))
        command = ("nginx", "-c", str(config), "-g", "daemon off;")
        log = self._folder / "nginx.log"
        return start_server("nginx", command, log, lambda: answers(self._ip, 80, 443))

    def _publish(self) -> None:
        for host, path, server, domain in (
            ("autoconfig.bodega.test", _PATH, "imap.bodega.test", "bodega.test"),
            (f"autoconfig.{PENISCOLA}", _PATH, f"mail.{PENISCOLA}", PENISCOLA),
            (
                "autoconfig.onlyautoconfig.test",
                _PATH,
                "mail.onlyautoconfig.test",
                "onlyautoconfig.test",
            ),
            ("wellknown.test", _WELL_KNOWN, "mail.wellknown.test", "wellknown.test"),
            ("autoconfig.hoster.test", _PATH, "mail.hoster.test", "hoster.test"),
        ):
            self.serve(host, path, clientconfig(server, domain))
        self.serve("autoconfig.acceso.test", _PATH, SIGN_IN_CONFIG)
        self.serve("ua-auto-config.pacc.test", "/.well-known/user-agent-configuration.json", PACC)
        self.serve("autodiscover.outlookish.test", "/autodiscover/autodiscover.xml", AUTODISCOVER)
        for host in ("autoconfig.html200.test", "html200.test"):
            for path in (_PATH, _WELL_KNOWN):
                self.serve(host, path, "<!DOCTYPE html><html><body>Welcome!</body></html>")

    def serve(self, host: str, path: str, body: str | bytes) -> None:
        """Serve this document from now on."""
        file = self._folder / "www" / host / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body.encode() if isinstance(body, str) else body)
        for each in (self._folder / "www").rglob("*"):
            each.chmod(0o755 if each.is_dir() else 0o644)
