"""A hosting with a publication: Knot DNS and nginx with the published files."""

import shutil
import subprocess
import tempfile
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from mailsetup.apply.artifact_writer import Written, write_artifact
from mailsetup.export.publish import layout
from mailsetup.export.publish.publication import Publication
from mailsetup.model.network_options import NetworkOptions
from tests.support.servers.certificates import Certificates
from tests.support.servers.configs import knot, nginx, zone
from tests.support.servers.process import Server, answers, free_loopback_address, with_sbin

NAMES = ("autoconfig", "autodiscover", "ua-auto-config", "mta-sts")


@dataclass
class Site:
    """The paths and address that a publication's ``folder``, ``listen`` and certificates name."""

    domain: str
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="mailsetup-site-")))
    ip: str = field(default_factory=free_loopback_address)
    _servers: list[Server] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.chmod(0o755)
        self.files = self.folder / "files"
        self.tls = Certificates(self.folder)
        names = (self.domain, *(f"{name}.{self.domain}" for name in NAMES))
        self.chain, self.key = self.tls.issue("site", *names)

    @property
    def options(self) -> NetworkOptions:
        """Network options with this site's name server and authority."""
        return NetworkOptions(resolver=(self.ip, 53), ca_files=(self.tls.ca_file,), use_proxy=False)

    def publish(self, made: Publication) -> None:
        """Write the files and include them in the zone and in nginx."""
        written = write_artifact(made.artifact, self.files, force=True)
        assert isinstance(written, Written), written
        self.files.chmod(0o755)
        self._write_zone()
        self._write_nginx()

    def withdraw(self, *names: str) -> None:
        """Remove files from the web server."""
        for name in names:
            (self.files / name).unlink()

    def _write_zone(self) -> None:
        (self.folder / "root.zone").write_text(
            textwrap.dedent(
                f"""\
                $TTL 1
                . SOA ns.test. admin.test. 1 3600 600 86400 1
                . NS ns.test.
                ns.test. A {self.ip}
                {self.domain}. A {self.ip}
                {self.domain}. MX 10 mail.{self.domain}.
                mail.{self.domain}. A {self.ip}
                $INCLUDE {self.files}/{layout.RECORDS}
                """
            )
        )
        root = zone(self.folder, ".", "root.zone")
        (self.folder / "knot.conf").write_text(knot(self.folder, self.ip, root))

    def _write_nginx(self) -> None:
        served = f"""\
            include {self.files}/{layout.NGINX_NAMES};
            server {{
              listen {self.ip}:443 ssl;
              server_name {self.domain};
              ssl_certificate {self.chain};
              ssl_certificate_key {self.key};
              include {self.files}/{layout.NGINX_DOMAIN};
              # As on many web sites, every other URL returns the first page.
              location / {{ default_type text/html; return 200 "<html>Hola</html>"; }}
              # Paths with a leading dot are not served.
              location ~ /\\. {{ deny all; }}
            }}
            """
        (self.folder / "nginx.conf").write_text(nginx(self.folder, served))

    def tested(self, *command: str) -> subprocess.CompletedProcess[str]:
        """The result of a program that checks its configuration."""
        return subprocess.run(command, capture_output=True, text=True, env=with_sbin())

    def start(self) -> None:
        """Start both servers on what was published."""
        folder = self.folder
        (folder / "knot-db").mkdir(exist_ok=True)
        commands = {
            "knotd": ("knotd", "-c", str(folder / "knot.conf")),
            "nginx": ("nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"),
        }
        for name, command in commands.items():
            server = Server(name, command, folder / f"{name}.log", with_sbin())
            self._servers.append(server)
        self._servers[0].wait_until(lambda: answers(self.ip, 53))
        self._servers[1].wait_until(lambda: answers(self.ip, 443))

    def stop(self) -> None:
        """Stop both and remove the folder."""
        for server in reversed(self._servers):
            server.stop()
        self._servers.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
