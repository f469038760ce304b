"""Postfix: submission with Dovecot's logins, delivery to Dovecot over LMTP."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from string import Template

from tests.support.servers.hosting import (
    DOMAINS,
    PENISCOLA,
    RECIPIENTS,
    SENDERS,
    SHARED,
    TRANSPORTS,
)
from tests.support.servers.process import Server, answers, start_server, with_sbin

if sys.platform != "win32":
    import pwd

_TEMPLATES = Path(__file__).with_name("templates")


def start_postfix(
    folder: Path,
    ip: str,
    sign_in_ip: str,
    *,
    accounts: Iterable[str],
    certificate: tuple[Path, Path],
    shared_certificate: tuple[Path, Path],
) -> Server:
    """Start Postfix next to Dovecot in the same folder. Returns when it answers.

    At ``sign_in_ip`` it asks the Dovecot that takes access tokens. ``shared_certificate`` is for
    the domain whose server is known by another name.
    """
    config = folder / "postfix"
    for name in ("postfix", "queue", "postfix-data"):
        (folder / name).mkdir()
    owner = pwd.getpwnam("postfix")
    os.chown(folder / "postfix-data", owner.pw_uid, owner.pw_gid)
    _write_tables(config, accounts, shared_certificate)
    values = {
        "folder": str(folder),
        "ip": ip,
        "sign_in_ip": sign_in_ip,
        "domains": " ".join((*DOMAINS, PENISCOLA, SHARED)),
        "certificate": str(certificate[0]),
        "key": str(certificate[1]),
    }
    for name in ("main.cf", "master.cf"):
        template = Template((_TEMPLATES / f"postfix-{name}").read_text())
        (config / name).write_text(template.substitute(values))
    subprocess.run(
        ["postmap", "-c", str(config), "-F", f"hash:{config}/certificates"],
        check=True,
        env=with_sbin(),
    )
    checked = subprocess.run(
        ["postfix", "-c", str(config), "check"], capture_output=True, text=True, env=with_sbin()
    )
    if checked.returncode != 0:
        raise RuntimeError(f"postfix: {checked.stdout}{checked.stderr}")
    return start_server(
        "master",
        ("/usr/lib/postfix/sbin/master", "-c", str(config), "-d"),
        folder / "master.log",
        lambda: answers(ip, 465, 587),
        {"MAIL_CONFIG": str(config)},
        watched=True,
    )


def _write_tables(
    config: Path, accounts: Iterable[str], shared_certificate: tuple[Path, Path]
) -> None:
    chain, key = shared_certificate
    # Messages of one account are sent under an address that belongs to another.
    logins = {address: address for address in accounts}
    logins |= {"pepe@bodega.test": "pepe", "ajena@faults.test": "ana@faults.test"}
    tables = {
        "certificates": f"mail.{SHARED} {key} {chain}\n",
        "logins": "".join(f"{address} {login}\n" for address, login in logins.items()),
        "senders": SENDERS,
        "recipients": RECIPIENTS,
        "transports": TRANSPORTS,
    }
    for name, content in tables.items():
        (config / name).write_text(content, encoding="utf-8")
