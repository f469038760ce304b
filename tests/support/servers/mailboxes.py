"""The mailboxes of the real servers, as files (Maildir)."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.support.servers.dovecot import DELIVERY
from tests.support.servers.process import with_sbin

if sys.platform != "win32":
    import pwd


class Mailboxes:
    """One home folder for each account, owned by the user ``mail``."""

    def __init__(self, folder: Path, dovecot: Path) -> None:
        """``dovecot`` is the configuration with which messages are delivered."""
        self.folder = folder
        self._dovecot = dovecot
        self._written = 0
        folder.mkdir()
        self._own(folder)

    def maildir(self, address: str) -> Path:
        """The Maildir of an account."""
        return self.folder / address / "Maildir"

    def messages(self, address: str, folder: str = "") -> list[Path]:
        """The messages of a folder (empty for INBOX)."""
        base = self.maildir(address)
        if folder:
            base = base / f".{folder}"
        return [path for part in ("new", "cur") for path in (base / part).glob("*")]

    def empty(self, address: str) -> None:
        """Remove what other tests left in a mailbox, in every folder."""
        base = self.maildir(address)
        for part in ("new", "cur"):
            for path in (*base.glob(f"{part}/*"), *base.glob(f".*/{part}/*")):
                path.unlink()

    def fill(self, address: str, kib: int) -> None:
        """Create a mailbox with one message of this size."""
        new = self.maildir(address) / "new"
        for part in ("tmp", "new", "cur"):
            (self.maildir(address) / part).mkdir(parents=True)
        body = "Subject: lleno\r\nFrom: a@b.test\r\n\r\n" + "x" * 70 + "\r\n"
        (new / "1.1.full").write_text(body + ("y" * 70 + "\r\n") * (kib * 1024 // 72))
        self._own(self.folder / address)

    def put(self, address: str, message: bytes) -> None:
        """Write a message into the INBOX without any server."""
        maildir = self.maildir(address)
        for part in ("tmp", "new", "cur"):
            (maildir / part).mkdir(parents=True, exist_ok=True)
        self._written += 1
        name = f"{time.time_ns()}.{self._written}.put"
        (maildir / "tmp" / name).write_bytes(message)
        self._own(self.folder / address)
        (maildir / "tmp" / name).rename(maildir / "new" / name)

    def deliver(self, address: str, message: bytes) -> None:
        """Deliver a message with Dovecot, which applies the mailbox's rules."""
        subprocess.run(
            [
                *(DELIVERY, "-c", str(self._dovecot)),
                *("-d", address, "-f", "sender@hoster.test"),
            ],
            input=message.replace(b"\r\n", b"\n"),
            check=True,
            capture_output=True,
            env=with_sbin(),
        )

    def write_sieve(self, address: str, script: str) -> None:
        """Make this the active script of a mailbox, as its owner would over ManageSieve."""
        home = self.folder / address
        scripts = home / "sieve"
        scripts.mkdir(parents=True, exist_ok=True)
        (scripts / "reglas.sieve").write_text(script)
        active = home / ".dovecot.sieve"
        active.unlink(missing_ok=True)
        active.symlink_to("sieve/reglas.sieve")
        self._own(home)

    def make_folders(self, address: str, *names: str) -> None:
        """Make empty folders in a mailbox."""
        for name in names:
            for part in ("tmp", "new", "cur"):
                (self.maildir(address) / f".{name}" / part).mkdir(parents=True, exist_ok=True)
            (self.maildir(address) / f".{name}" / "maildirfolder").touch()
        self._own(self.maildir(address).parent)

    def subscribe(self, address: str, *folders: str) -> None:
        """Subscribe to these folders of a mailbox and no others."""
        maildir = self.maildir(address)
        maildir.mkdir(parents=True, exist_ok=True)
        (maildir / "subscriptions").write_text("".join(f"{name}\n" for name in folders))
        self._own(maildir.parent)

    def _own(self, path: Path) -> None:
        owner = pwd.getpwnam("mail")
        for each in (path, *path.rglob("*")):
            os.chown(each, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
