"""Knot DNS: the authoritative server and resolver of the real servers."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers.configs import knot, zone
from tests.support.servers.process import Server, answers, start_server, with_sbin


class NameServer:
    """A name server on one address, with one root zone."""

    def __init__(self, folder: Path, ip: str, records: list[str]) -> None:
        self._folder = folder
        self._ip = ip
        self._records = list(records)
        self._serial = 1

    def start(self) -> Server:
        """Start it. Returns when it answers."""
        self._write_zone()
        config = self._folder / "knot.conf"
        # Its file is missing, so that every query for it fails.
        failing = f'  - domain: muda.test\n    storage: "{self._folder}"\n    file: absent.zone\n'
        root = zone(self._folder, ".", "root.zone")
        config.write_text(knot(self._folder, self._ip, root, failing))
        (self._folder / "knot-db").mkdir()
        command = ("knotd", "-c", str(config))
        log = self._folder / "knotd.log"
        return start_server("knotd", command, log, lambda: answers(self._ip, 53))

    def add(self, *records: str) -> None:
        """Add records (full names with a final dot) and serve them at once."""
        self._records += records
        self._reload()

    @contextmanager
    def temporary(self, *records: str) -> Iterator[None]:
        """Serve records for the time of a block."""
        before = list(self._records)
        self.add(*records)
        try:
            yield
        finally:
            self._records = before
            self._reload()

    def _reload(self) -> None:
        self._write_zone()
        subprocess.run(
            ["knotc", "-b", "-s", str(self._folder / "knot.sock"), "zone-reload", "."],
            check=True,
            capture_output=True,
            env=with_sbin(),
        )

    def _write_zone(self) -> None:
        self._serial += 1
        head = [
            "$TTL 1",
            f". SOA ns.test. admin.test. {self._serial} 3600 600 86400 1",
            ". NS ns.test.",
            f"ns.test. A {self._ip}",
        ]
        (self._folder / "root.zone").write_text("\n".join([*head, *self._records]) + "\n")
