"""The comparison of our data with the public list of providers."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mailsetup.discovery.providers import MailProvider, by_domain, load

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "packaging" / "refresh_providers.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("refresh_providers", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by its name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def server(tag: str, protocol: str, host: str, port: int, **changes: str) -> str:
    username = changes.get("username", "%EMAILADDRESS%")
    kinds = changes.get("authentication", "password-cleartext").split()
    ways = "".join(f"<authentication>{kind}</authentication>" for kind in kinds)
    return (
        f'<{tag} type="{protocol}"><hostname>{host}</hostname><port>{port}</port>'
        f"<socketType>{changes.get('security', 'SSL')}</socketType>"
        f"<username>{username}</username>{ways}</{tag}>"
    )


def document(domains: list[str], *servers: str) -> str:
    names = "".join(f"<domain>{domain}</domain>" for domain in domains)
    return (
        '<clientConfig version="1.1"><emailProvider id="x">'
        f"{names}{''.join(servers)}</emailProvider></clientConfig>"
    )


def sapo(imap: str = "imap.sapo.pt", **changes: str) -> str:
    row = row_of("sapo.pt")
    return document(
        list(row.domains),
        server("incomingServer", "imap", imap, 993, **changes),
        server("incomingServer", "pop3", "pop.sapo.pt", 995),
        server("outgoingServer", "smtp", "smtp.sapo.pt", 465),
        server("outgoingServer", "smtp", "smtp.sapo.pt", 587, security="STARTTLS"),
    )


def row_of(domain: str) -> MailProvider:
    row = by_domain(domain)
    assert row is not None
    return row


def run(
    script: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[str], str]:
    status = script.main([str(folder)])
    captured = capsys.readouterr()
    return status, captured.out.splitlines(), captured.err


def test_nothing_differs(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sapo.pt.xml").write_text(sapo(), encoding="utf-8")
    status, lines, errors = run(script, tmp_path, capsys)
    assert status == 0
    assert errors == ""
    others = len(load()) - 1
    assert lines[-1] == (
        f"{len(load())} rows: 0 differ, {others} not in the public list; 1 files read, 0 skipped"
    )
    assert "Arsys (serviciodecorreo.es): not in the public list" in lines
    assert len(lines) == others + 1


def test_differences_are_told_by_row_and_domain(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "ispdb"
    folder.mkdir()
    (tmp_path / "elsewhere.xml").write_text("this one is not read", encoding="utf-8")
    (folder / "sapo.pt.xml").write_text(sapo("mail.sapo.pt"), encoding="utf-8")
    freebox = document(
        ["free.fr", "online.free.example", "mx1.free.fr"],
        server("incomingServer", "imap", "imap.free.fr", 993),
        server("outgoingServer", "smtp", "smtp.free.fr", 465, username="%EMAILLOCALPART%"),
    )
    (folder / "free.fr.xml").write_text(freebox, encoding="utf-8")
    status, lines, _ = run(script, tmp_path, capsys)
    assert status == 1
    domains = ", ".join(row_of("sapo.pt").domains)
    assert (
        f"SAPO ({domains}): imap: we have imap.sapo.pt:993 tls, "
        "sapo.pt.xml has mail.sapo.pt:993 tls"
    ) in lines
    assert (
        "Free (free.fr): imap imap.free.fr: user name is %EMAILLOCALPART%, "
        "in free.fr.xml %EMAILADDRESS%"
    ) in lines
    assert ("Free (free.fr): pop3: we have pop.free.fr:995 tls, free.fr.xml has none") in lines
    assert "Free (free.fr): domains that only the public list has: online.free.example" in lines
    assert "2 differ" in lines[-1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"security": "STARTTLS"}, "sapo.pt.xml has imap.sapo.pt:993 starttls"),
        (
            {"authentication": "OAuth2 password-cleartext"},
            "imap imap.sapo.pt: authentication is password-cleartext, "
            "in sapo.pt.xml OAuth2, password-cleartext",
        ),
        ({"username": "%EMAILLOCALPART%"}, "in sapo.pt.xml %EMAILLOCALPART%"),
    ],
)
def test_security_user_name_and_authentication_are_compared(
    script: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    expected: str,
) -> None:
    (tmp_path / "sapo.pt.xml").write_text(sapo(**changes), encoding="utf-8")
    status, lines, _ = run(script, tmp_path, capsys)
    assert status == 1
    assert lines[[line.startswith("SAPO") for line in lines].index(True)].endswith(expected)


def test_a_protocol_that_we_lack(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = document(
        ["mailbox.org"],
        server("incomingServer", "imap", "imap.mailbox.org", 993),
        server("incomingServer", "pop3", "pop3.mailbox.org", 995),
        server("outgoingServer", "smtp", "smtp.mailbox.org", 465),
    )
    (tmp_path / "mailbox.org.xml").write_text(listed, encoding="utf-8")
    status, lines, _ = run(script, tmp_path, capsys)
    assert status == 1
    assert (
        "mailbox.org (mailbox.org): pop3: we have none, "
        "mailbox.org.xml has pop3.mailbox.org:995 tls"
    ) in lines


def test_hosts_made_from_the_domain_are_filled_on_both_sides(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    servers = [
        server(tag, protocol, "mail.%EMAILDOMAIN%", port)
        for tag, protocol, port in [
            ("incomingServer", "imap", 993),
            ("incomingServer", "pop3", 995),
            ("outgoingServer", "smtp", 465),
        ]
    ]
    listed = document(list(row_of("inbox.lv").domains), *servers)
    (tmp_path / "inbox.lv.xml").write_text(listed, encoding="utf-8")
    assert run(script, tmp_path, capsys)[0] == 0


def test_files_that_cannot_be_read_are_told_and_skipped(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.xml").write_text("<clientConfig>", encoding="utf-8")
    (tmp_path / "other.xml").write_text("<rss/>", encoding="utf-8")
    (tmp_path / "sapo.pt.xml").write_text(sapo(), encoding="utf-8")
    status, lines, errors = run(script, tmp_path, capsys)
    assert status == 0
    assert errors.splitlines() == [
        "broken.xml: skipped (not-xml)",
        "other.xml: skipped (not a client configuration)",
    ]
    assert lines[-1].endswith("1 files read, 2 skipped")


def test_a_listed_file_without_a_usable_server_differs(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "free.fr.xml").write_text(document(["free.fr"]), encoding="utf-8")
    status, lines, _ = run(script, tmp_path, capsys)
    assert status == 1
    assert (
        "Free (free.fr): free.fr.xml has no server that could be used (no-usable-server)" in lines
    )


def test_a_folder_without_files_is_bad_usage(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        status, lines, errors = run(script, folder, capsys)
        assert (status, lines) == (2, [])
        assert str(folder) in errors
        assert "no folder with the XML files" in errors


def test_a_folder_of_broken_files_is_bad_usage(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.xml").write_text("<clientConfig>", encoding="utf-8")
    status, lines, errors = run(script, tmp_path, capsys)
    assert (status, lines) == (2, [])
    assert "none of its XML files can be read" in errors


@pytest.mark.parametrize("arguments", [[], ["one", "two"]])
def test_anything_but_one_folder_is_bad_usage(script: ModuleType, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        script.main(arguments)
    assert ended.value.code == 2
