"""``check`` against real servers."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli.against_servers import check, command, ids, run, settings_file
from tests.support.fault_table import fault
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers


def test_healthy_account_is_proven_by_a_round_trip_and_unchanged(
    servers: RealServers,
) -> None:
    servers.mailboxes.empty("ana@bodega.test")
    status, document = check(servers, "ana@bodega.test")
    assert status == 0
    assert [(link["link"], link["status"]) for link in document["chain"]] == [
        ("hosting", "ok"),
        ("account", "ok"),
        ("dns", "ok"),
        ("client", "ok"),
    ]
    assert document["first_broken"] is None
    assert document["findings"] == []
    trip = document["round_trip"]
    assert trip["folder"] == "INBOX"
    assert trip["attachment_intact"] is True
    assert trip["cleaned_up"] is True
    assert trip["bytes"] > 1024 * 1024
    assert document["source"]["method"] == "autoconfig"
    assert servers.mailboxes.messages("ana@bodega.test") == []
    assert servers.mailboxes.messages("ana@bodega.test", "Sent") == []


def test_unwritten_report_is_reported_in_json_and_by_the_status(
    servers: RealServers, tmp_path: Path
) -> None:
    # No user can create files there, not even root, which shows only when one is created.
    status, document = check(servers, "ana@onlysrv.test", "--no-send", "--report", "/proc/r.txt")
    assert status == 1
    assert document["first_broken"] is None
    assert document["report"]["written"] is False
    assert "/proc" in document["report"]["reason"]
    page = tmp_path / "made" / "r.html"
    status, document = check(servers, "ana@onlysrv.test", "--no-send", "--report", str(page))
    assert status == 0
    assert document["report"] == {"written": True, "path": str(page)}
    assert page.exists()


def test_pop3_account_is_proven_by_a_round_trip_and_unchanged(
    servers: RealServers, tmp_path: Path
) -> None:
    servers.mailboxes.empty("ana@bodega.test")
    pop3 = settings_file(tmp_path, "imap.bodega.test", protocol="pop3", port=995)
    status, document = check(servers, "ana@bodega.test", "--settings", pop3)
    assert ids(document) == []
    assert status == 0
    assert document["round_trip"]["attachment_intact"] is True
    assert document["round_trip"]["cleaned_up"] is True
    assert servers.mailboxes.messages("ana@bodega.test") == []


def test_password_refused_by_pop3_is_a_finding(servers: RealServers, tmp_path: Path) -> None:
    pop3 = settings_file(tmp_path, "imap.bodega.test", protocol="pop3", port=995)
    status, document = check(
        servers, "ana@bodega.test", "--settings", pop3, password="canario-falso"
    )
    assert status == 5
    assert document["first_broken"] == "account"
    assert ids(document) == ["account.login.refused"]


def test_no_send_tests_the_logins_only(servers: RealServers) -> None:
    status, document = check(servers, "ana@onlysrv.test", "--no-send")
    assert status == 0
    assert document["round_trip"] is None
    assert document["source"] == {
        "method": "srv",
        "location": "_tcp.onlysrv.test",
        "channel": "dns",
    }


def test_a_wrong_password_is_tried_once_at_each_server(servers: RealServers) -> None:
    before = servers.log("dovecot-mail").count("user=<ana@wellknown.test>")
    status, document = check(servers, "ana@wellknown.test", password="canario-falso")
    assert status == 5
    assert document["first_broken"] == "account"
    assert [one["id"] for one in document["findings"] if one["status"] == "fail"] == [
        "account.login.refused"
    ]
    assert document["findings"][0]["who"] == "you"
    assert document["findings"][0]["evidence"]["code"] == "NO AUTHENTICATIONFAILED"
    time.sleep(0.2)
    attempts = servers.log("dovecot-mail").count("user=<ana@wellknown.test>") - before
    assert attempts <= 2


@pytest.mark.parametrize(
    ("finding", "address"),
    [
        fault("account.quota.full", "llena@bodega.test"),
        fault("hosting.tls.certificate-wrong-name", "ana@wrongcert.test"),
        fault("hosting.tls.certificate-expired", "ana@expired.test"),
        fault("dns.mx.missing", "ana@nomx.test"),
        fault("dns.mx.null", "ana@nullmx.test"),
        fault("dns.mx.unresolvable", "ana@dead.test"),
        fault("dns.domain.missing", "ana@nowhere.test"),
    ],
)
def test_each_fault_is_found_and_breaks_its_link(
    servers: RealServers, finding: str, address: str
) -> None:
    status, document = check(servers, address)
    assert status == 5
    assert document["first_broken"] == finding.partition(".")[0]
    assert ids(document)[0] == finding
    assert {entry["link"] for entry in document["chain"]} == {"hosting", "account", "dns", "client"}


def test_name_in_the_certificate_is_suggested(servers: RealServers) -> None:
    _status, document = check(servers, "ana@wrongcert.test")
    assert "srv12.hoster.test" in document["findings"][0]["advice"]


def test_suggested_name_was_verified(servers: RealServers, tmp_path: Path) -> None:
    path = settings_file(tmp_path, "mail.shared.test")
    status, document = check(servers, "ana@shared.test", "--settings", path)
    assert status == 5
    assert ids(document)[0] == "hosting.tls.certificate-wrong-name"
    assert document["findings"][0]["evidence"]["proven_name"] == "srv12.hoster.test"


def test_trusted_name_in_the_certificate_is_used(servers: RealServers) -> None:
    status, document = check(servers, "ana@shared.test", "--trust", "hoster.test")
    assert status == 0
    assert document["settings"]["aliases"] == [
        {"asked": "mail.shared.test", "proven": "srv12.hoster.test"}
    ]
    assert document["round_trip"]["attachment_intact"] is True


def test_short_user_name_is_tried_only_on_request_and_within_three_logins(
    servers: RealServers,
) -> None:
    servers.accounts["pepe@bodega.test"] = "correcto-14"
    words = ("--no-send", "--settings")
    _status, found, _printed = run(servers, "discover", "pepe@bodega.test")
    path = servers.folder / "pepe.json"
    path.write_text(json.dumps(found))
    before = _attempts(servers, "pepe")
    status, document = check(servers, "pepe@bodega.test", *words, str(path))
    assert status == 5
    assert ids(document)[0] == "account.login.refused"
    status, document = check(servers, "pepe@bodega.test", *words, str(path), "--try-usernames")
    assert status == 0
    assert ids(document) == ["account.login.username-form"]
    assert {proof["username"] for proof in document["tested"]} == {"pepe"}
    status, document = check(
        servers, "pepe@bodega.test", *words, str(path), "--try-usernames", password="falsa-x"
    )
    assert status == 5
    assert document["tested"] == []
    time.sleep(0.2)
    # Two, three and two logins; Dovecot counts those at the submission server too.
    assert _attempts(servers, "pepe") - before <= 7


def _attempts(servers: RealServers, name: str) -> int:
    return servers.log("dovecot-mail").count(f"user=<{name}")


@pytest.mark.fault("client.network.captive-portal")
def test_intercepting_network_is_the_first_broken_link(servers: RealServers) -> None:
    """What a hotel does: its own page under every name."""
    servers.web.serve(
        "detectportal.firefox.com", "/success.txt", "<html>Welcome to our hotel</html>"
    )
    with servers.name_server.temporary(f"detectportal.firefox.com. A {servers.ip}"):
        status, document, _printed = run(servers, "discover", "ana@nowhere.test")
        checked, whole = check(servers, "ana@nowhere.test")
    assert status == 3
    assert (checked, whole["first_broken"]) == (5, "client")
    assert ids(document) == ids(whole) == ["client.network.captive-portal"]
    assert document["findings"][0]["evidence"]["status"] == 200


@pytest.mark.fault("client.dns.hijacked")
def test_answers_for_impossible_names_are_reported(servers: RealServers) -> None:
    with servers.name_server.temporary(f"*.invalid. A {servers.ip}"):
        status, document = check(servers, "ana@nomx.test")
    assert status == 5
    assert ids(document)[0] == "client.dns.hijacked"


def check_with_second(
    servers: RealServers, address: str, second: str, *words: str, secrets: str
) -> tuple[int, Any]:
    done = subprocess.run(
        command(
            servers, "check", address, "--second", second, *words, "--json", "--password-stdin"
        ),
        input=secrets,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "Traceback" not in done.stdout + done.stderr
    for secret in secrets.split():
        assert secret not in done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)


def test_second_mailbox_tests_both_directions_and_is_unchanged(servers: RealServers) -> None:
    servers.mailboxes.empty("ana@onlysrv.test")
    status, document = check_with_second(
        servers,
        "ana@bodega.test",
        "ana@onlysrv.test",
        "--symptom",
        "no-les-llega",
        secrets="correcto-1\ncorrecto-4\n",
    )
    assert status == 0
    elsewhere = document["elsewhere"]
    assert elsewhere["problem"] is None
    assert elsewhere["sent"]["folder"] == elsewhere["received"]["folder"] == "INBOX"
    assert elsewhere["sent"]["cleaned_up"]
    assert servers.mailboxes.messages("ana@onlysrv.test") == []
    assert document["answer"]["symptom"] == "not-delivered"


def test_second_mailbox_with_a_pop3_account(servers: RealServers, tmp_path: Path) -> None:
    pop3 = settings_file(tmp_path, "imap.bodega.test", protocol="pop3", port=995)
    status, document = check_with_second(
        servers,
        "ana@bodega.test",
        "ana@onlysrv.test",
        *("--settings", pop3),
        secrets="correcto-1\ncorrecto-4\n",
    )
    assert status == 0
    assert document["elsewhere"]["problem"] is None
    assert document["elsewhere"]["sent"]["cleaned_up"] is True
    assert document["elsewhere"]["received"]["cleaned_up"] is True


def test_failed_login_at_the_second_mailbox_does_not_affect_the_first(
    servers: RealServers,
) -> None:
    status, document = check_with_second(
        servers, "ana@bodega.test", "ana@onlysrv.test", secrets="correcto-1\ncanario-falso\n"
    )
    assert status == 0
    assert document["first_broken"] is None
    assert document["elsewhere"]["problem"]["id"] == "account.login.refused"
    assert document["elsewhere"]["sent"] is None


@pytest.mark.parametrize(
    ("address", "symptom", "finding"),
    [
        ("llena@bodega.test", "no-llega", "account.quota.full"),
        ("ana@nomx.test", "not-receiving", "dns.mx.missing"),
    ],
)
def test_complaint_is_answered_with_its_cause(
    servers: RealServers, address: str, symptom: str, finding: str
) -> None:
    status, document = check(servers, address, "--symptom", symptom)
    assert status == 5
    assert ids(document)[0] == finding
    if "answer" in document:
        assert document["answer"]["finding"] == finding
        assert document["answer"]["text"]


@pytest.mark.fault("hosting.starttls.missing")
def test_without_starttls_the_password_is_not_sent(servers: RealServers, tmp_path: Path) -> None:
    servers.extra_dovecot("open.bodega.test", tls="no")
    path = settings_file(tmp_path, "open.bodega.test", port=143, security="starttls")
    status, document = check(servers, "ana@bodega.test", "--settings", path)
    assert status == 5
    assert ids(document)[0] == "hosting.starttls.missing"
    assert "correcto-1" not in servers.log("dovecot-mail")


@pytest.mark.fault("hosting.server.refused", "hosting.server.unresolvable")
def test_closed_port_is_distinguished_from_unknown_host(
    servers: RealServers, tmp_path: Path
) -> None:
    path = settings_file(tmp_path, "imap.bodega.test", port=994)
    status, document = check(servers, "ana@bodega.test", "--settings", path)
    assert (status, ids(document)[0]) == (5, "hosting.server.refused")
    path = settings_file(tmp_path, "nothere.bodega.test")
    status, document = check(servers, "ana@bodega.test", "--settings", path)
    assert (status, ids(document)[0]) == (5, "hosting.server.unresolvable")


def test_other_hosting_needs_a_confirmation_that_names_it(servers: RealServers) -> None:
    status, document = check(servers, "ana@mxhosted.test")
    assert status == 4
    assert document["outcome"] == "needs-confirmation"
    assert document["confirm"] == ["hoster.test"]
    status, document = check(servers, "ana@mxhosted.test", "--trust", "hoster.test")
    assert status == 0
    assert document["confirm"] == []


def test_message_moved_by_a_rule_is_found(servers: RealServers) -> None:
    servers.mailboxes.empty("reglas@bodega.test")
    status, document = check(servers, "reglas@bodega.test")
    assert status == 0
    assert ids(document) == ["account.mail.in-other-folder"]
    assert document["round_trip"]["folder"] == "Clientes"
    assert document["round_trip"]["cleaned_up"] is True
    assert servers.mailboxes.messages("reglas@bodega.test", "Clientes") == []


def test_findings_are_in_the_requested_language(servers: RealServers) -> None:
    _status, document = check(servers, "ana@nomx.test", "--lang", "es")
    assert document["findings"][0]["title"] == "El dominio nomx.test no dice adónde va su correo."
