"""The real servers themselves."""

import os
import signal
import smtplib
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.servers.process import all_gone
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers

_OWNER = """
import sys, time
from tests.support.servers.real_servers import RealServers
servers = RealServers()
servers.start()
print(" ".join(map(str, servers.pids)), servers.folder, flush=True)
time.sleep(600)
"""


def test_the_servers_end_with_the_tests_even_when_those_are_killed(servers: RealServers) -> None:
    root = Path(__file__).resolve().parent.parent
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert owner.stdout is not None
    *pids, folder = owner.stdout.readline().split()
    assert len(pids) == 4
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    for _ in range(200):
        if all_gone(int(pid) for pid in pids):
            break
        time.sleep(0.05)
    assert all_gone(int(pid) for pid in pids)
    subprocess.run(["rm", "-rf", folder], check=True)


def submission(servers: RealServers) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=str(servers.ca_file))
    session = smtplib.SMTP(servers.ip, 587, timeout=10)
    # The certificate is for the name; the connection goes to the address.
    session._host = "smtp.bodega.test"  # type: ignore[attr-defined]
    session.starttls(context=context)
    return session


def test_a_full_mailbox_is_refused_while_the_sender_is_still_there(servers: RealServers) -> None:
    with submission(servers) as session:
        session.login("llena@bodega.test", servers.accounts["llena@bodega.test"])
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            session.sendmail("llena@bodega.test", ["llena@bodega.test"], "Subject: x\r\n\r\ny\r\n")
    code, text = refused.value.recipients["llena@bodega.test"]
    assert code == 552
    assert b"5.2.2" in text


def test_sending_under_another_address_is_refused(servers: RealServers) -> None:
    with submission(servers) as session:
        session.login("ana@bodega.test", servers.accounts["ana@bodega.test"])
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            session.sendmail("llena@bodega.test", ["ana@bodega.test"], "Subject: x\r\n\r\ny\r\n")
    assert refused.value.smtp_code == 553


def test_forwarded_messages_do_not_enter_this_computers_queue(
    servers: RealServers,
) -> None:
    address, queue = "reenvia@bodega.test", Path("/var/spool/postfix/maildrop")
    servers.add_account(address, "correcto-reenvia")
    servers.mailboxes.write_sieve(address, 'redirect "eva@hoster.test";')
    # Its time changes with every message that is put in, and may be read by everybody.
    before = queue.stat().st_mtime_ns if queue.is_dir() else None
    servers.mailboxes.deliver(address, b"From: a@hoster.test\r\nSubject: hola\r\n\r\nhola\r\n")
    assert "forwarded to <eva@hoster.test>" in servers.log("dovecot-mail")
    assert servers.mailboxes.messages(address) == []
    assert (queue.stat().st_mtime_ns if queue.is_dir() else None) == before
