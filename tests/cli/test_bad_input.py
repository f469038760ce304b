"""Mistakes of users on the command line: a message, the right status, no traceback."""

import io
import json
import sys
from pathlib import Path

import pytest

from mailsetup.apply.targets import TARGETS
from mailsetup.cli.main import main
from tests.support.cli.schema import valid
from tests.support.fault_table import note


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(list(words), io.StringIO(stdin), out, err)
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return status, out.getvalue(), err.getvalue()


def refused(*words: str, stdin: str = "") -> tuple[int, str]:
    """Status and id of the one error document; in words it is the same status."""
    status, out, _err = run(*words, "--json", stdin=stdin)
    document = valid(json.loads(out), "error")
    assert document["schema"] == 1
    assert document["outcome"] == "error"
    assert document["error"]["message"]
    plain_status, plain_out, plain_err = run(*words, stdin=stdin)
    assert plain_status == status
    assert plain_out == ""
    assert plain_err
    return status, document["error"]["id"]


@pytest.mark.parametrize(
    "address",
    [
        "ana",
        "a@b@c.es",
        "an a@b.es",
        "ana@b.es\x07",
        "x" * 300 + "@b.es",
        "",
        "ana@b",
        "a@b.es,c@d.e",
    ],
)
def test_malformed_addresses_are_rejected(address: str) -> None:
    assert refused("discover", "--", address)[0] == 2


@pytest.mark.fault("client.address.malformed")
@pytest.mark.parametrize("address", ["ana", "a@b@c.es", "ana@b.es\x07"])
def test_malformed_address_has_a_finding_id(address: str) -> None:
    status, named = refused("discover", address)
    note(named, named.partition(".")[0])
    assert (status, named) == (2, "client.address.malformed")


@pytest.mark.parametrize(
    "words",
    [
        ("unknown-verb",),
        ("discover",),
        ("discover", "a@b.es", "--timeout", "nie"),
        ("discover", "a@b.es", "--timeout", "0"),
        ("discover", "a@b.es", "--resolver", "dns.example"),
        ("discover", "a@b.es", "--resolver", "127.0.0.1:70000"),
        ("discover", "a@b.es", "--trust", "no domain"),
        ("check", "a@b.es", "--attachment-mib", "-1"),
        ("check", "a@b.es", "--password", "geheim"),
        ("check",),
        ("check", "a@b.es", "--domain", "b.es"),
        ("check", "a@b.es", "--since", "state.json"),
        ("check", "--domain", "no domain"),
        ("check", "--domain", "b.es", "--offline"),
        ("kit", "--out", "kit"),
        ("batch", "people.csv", "--parallel", "0"),
        ("export", "a@gmail.com", "--offline", "--for", "pine"),
        ("--demo", "programs"),
    ],
)
def test_wrong_usage_has_status_2(words: tuple[str, ...]) -> None:
    assert refused(*words) == (2, "usage")


def test_invalid_ca_file_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    assert refused("discover", "a@b.es", "--ca-file", str(path)) == (2, "ca-file.unreadable")
    missing = str(tmp_path / "missing")
    assert refused("discover", "a@b.es", "--ca-file", missing) == (2, "ca-file.unreadable")


IMAP = '{"protocol":"imap","host":"imap.b.es","port":993,"security":"tls"}'


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"incoming":[],"outgoing":[]}',
        '{{"incoming":[{}]}}'.format(IMAP.replace("993", "0")),
        '{{"incoming":[{}]}}'.format(IMAP.replace("993", "70000")),
        '{{"incoming":[{}]}}'.format(IMAP.replace("imap.b.es", 'a\\"b')),
        '{{"incoming":[{}]}}'.format(IMAP.replace("imap.b.es", "a\\nb")),
        '{{"incoming":[{}]}}'.format(IMAP.replace('"tls"', '"ssl"')),
        f'{{"outgoing":[{IMAP}]}}',
        "[" * 100_000,
        '{"incoming":"' + "x" * 5_000_000 + '"}',
        '{{"incoming":[{}]}}'.format(IMAP.replace("}", ',"username":"a\\r\\nb"}')),
    ],
)
def test_invalid_settings_file_is_rejected(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    assert refused("discover", "a@b.es", "--settings", str(path)) == (2, "settings.unusable")


def test_missing_settings_file_is_rejected(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.json")
    assert refused("discover", "a@b.es", "--settings", missing) == (2, "settings.unreadable")


def test_settings_without_outgoing_server_cannot_be_exported(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(f'{{"incoming":[{IMAP}]}}')
    words = ("export", "a@b.es", "--for", "thunderbird", "--settings", str(path))
    assert refused(*words) == (3, "settings.incomplete")


def test_check_without_a_password_explains_how_to_give_one() -> None:
    assert refused("check", "ana@gmail.com", "--offline") == (2, "password.missing")
    words = ("check", "ana@gmail.com", "--offline", "--password-stdin")
    assert refused(*words, stdin="\n") == (2, "password.missing")


def test_password_with_control_characters_is_rejected_before_connecting() -> None:
    words = ("check", "ana@gmail.com", "--offline", "--password-stdin")
    assert refused(*words, stdin="a\x00b\n") == (2, "password.malformed")


def test_apply_to_a_program_without_applier_suggests_export() -> None:
    assert refused("apply", "a@b.es", "--to", "gmail") == (2, "apply.impossible")


def test_unknown_domain_is_not_found_offline() -> None:
    status, out, _err = run("discover", "ana@bodega.example", "--offline", "--json")
    assert status == 3
    assert json.loads(out)["outcome"] == "not-found"


def test_large_provider_is_found_offline() -> None:
    status, out, _err = run("discover", "ana@gmail.com", "--offline", "--json")
    document = json.loads(out)
    assert status == 0
    assert document["source"]["method"] == "builtin"
    assert document["settings"]["incoming"][0]["host"] == "imap.gmail.com"
    assert document["confirm"] == []


def test_both_forms_of_an_international_domain_are_printed() -> None:
    _status, out, _err = run("discover", "ana@peñíscola.es", "--offline", "--json")
    document = json.loads(out)
    assert document["address"] == "ana@peñíscola.es"
    assert document["address_ascii"] == "ana@xn--pescola-8ya9a.es"


def test_programs_lists_every_target() -> None:
    status, out, _err = run("programs", "--json")
    assert status == 0
    assert [row["id"] for row in json.loads(out)["programs"]] == [one.id for one in TARGETS]


def test_help_in_spanish(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--lang", "es", "--help")
    assert "busca los servidores de correo" in capsys.readouterr().out


def test_name_with_a_newline_is_rejected() -> None:
    words = ("export", "a@gmail.com", "--offline", "--for", "outlook", "--name", "a\nb")
    assert refused(*words) == (2, "usage")


def test_unreachable_resolver_is_distinguished_from_a_domain_without_mail() -> None:
    words = ("discover", "ana@bodega.test", "--json", "--resolver", "127.0.0.1:9")
    status, out, _err = run(*words, "--timeout", "8")
    document = json.loads(out)
    assert status == 3
    assert [finding["id"] for finding in document["findings"]] == ["client.dns.broken"]


# Files of every kind ----------------------------------------------------------------------------

FILES = {
    "settings": ("discover", "a@b.es", "--settings", "{path}"),
    "settings of an export": ("export", "a@b.es", "--for", "gmail", "--settings", "{path}"),
    "settings of a kit": ("kit", "--settings", "{path}", "--out", "{path}.out"),
    "authorities": ("discover", "a@b.es", "--ca-file", "{path}"),
    "state": ("check", "--domain", "nosuch.invalid", "--since", "{path}"),
    "table": ("batch", "{path}", "--dry-run"),
    "certificate": (
        *("export", "a@gmail.com", "--offline", "--for", "apple-mail", "--out", "{path}.out"),
        *("--sign-cert", "{path}"),
    ),
}
"""Each option that names a file to be read."""


@pytest.mark.skipif(sys.platform == "win32", reason="files as POSIX has them")
@pytest.mark.parametrize("kind", ["folder", "text", "binary", "nested", "device", "below a file"])
@pytest.mark.parametrize("name", FILES)
def test_file_of_the_wrong_type_is_rejected_and_unchanged(
    tmp_path: Path, name: str, kind: str
) -> None:
    path = tmp_path / "given.csv"
    content = {
        "text": b"no such thing",
        "binary": bytes(range(256)) * 10,
        "nested": b"[" * 100_000,
    }.get(kind)
    match kind:
        case "folder":
            path.mkdir()
        case "device":
            path = Path("/dev/zero")
        case "below a file":
            path.write_bytes(b"")
            path /= "x"
        case _:
            assert content is not None
            path.write_bytes(content)
    words = [word.format(path=path) for word in FILES[name]]
    assert refused(*words)[0] == 2
    if content is not None:
        assert path.read_bytes() == content
    assert not path.with_name(f"{path.name}.out").exists()


PLACES = {
    "export": ("export", "a@gmail.com", "--offline", "--for", "outlook", "--out", "{path}"),
    "batch": ("batch", "{table}", "--offline", "--out", "{path}"),
    "report": ("check", "a@b.invalid", "--password-stdin", "--timeout", "2", "--report", "{path}"),
    "report in it": (
        *("check", "a@b.invalid", "--password-stdin", "--timeout", "2"),
        *("--report", "{path}/x.html"),
    ),
    "state": ("check", "--domain", "nosuch.invalid", "--timeout", "2", "--since", "{path}/x"),
}
"""Each option that names a place to write to."""


@pytest.mark.skipif(sys.platform == "win32", reason="places as POSIX has them")
@pytest.mark.parametrize("kind", ["file", "link", "forbidden", "long"])
@pytest.mark.parametrize("name", PLACES)
def test_unwritable_path_is_named(tmp_path: Path, name: str, kind: str) -> None:
    table = tmp_path / "people.csv"
    table.write_text("name;address\nAna;a@gmail.com\n")
    path = tmp_path / "place.html"
    match kind:
        case "file":
            path.write_text("mine")
        case "link":
            path.symlink_to(tmp_path / "nowhere" / "at" / "all")
        case "forbidden":
            path = Path("/proc/place.html")
        case _:
            path = tmp_path / ("x" * 300 + ".html")
    words = [word.format(path=path, table=table) for word in PLACES[name]]
    out, err = io.StringIO(), io.StringIO()
    status = main(words, io.StringIO("password\n"), out, err)
    shown = out.getvalue() + err.getvalue()
    assert status in (1, 2, 5)
    assert "defect" not in shown
    assert str(path.parent if kind == "forbidden" else path.name)[:100] in shown
    if kind == "file":
        assert path.read_text() == "mine"
