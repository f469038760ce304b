"""Environment variables with wrong paths, proxies, languages, widths, in real processes."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from mailsetup import i18n
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.net.environment import EnvironmentFault, proxy_setting
from mailsetup.net.environment_check import certificate_faults
from tests.support.cli.schema import valid

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="variables as Linux has them"),
]

_VARIABLES = (
    "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY",
    "https_proxy", "http_proxy", "all_proxy", "no_proxy", "LC_ALL", "LC_MESSAGES", "LANG",
    "LANGUAGE", "DISPLAY", "WAYLAND_DISPLAY",
)  # fmt: skip

VERBS = {
    "search": ("discover", "ana@nosuch.invalid", "--timeout", "3"),
    "apply": ("apply", "ana@gmail.com", "--offline", "--to", "thunderbird"),
    "check": ("check", "ana@gmail.com", "--offline", "--no-send"),
    "batch": ("batch", "{out}.csv", "--offline", "--out", "{out}"),
    "manual": ("manual",),
}


def run(
    words: Sequence[str], environ: dict[str, str | None], tmp_path: Path
) -> "subprocess.CompletedProcess[str]":
    """``environ`` is added to a clean one; None takes a variable out of it."""
    known: dict[str, str | None] = {
        name: value for name, value in os.environ.items() if name not in _VARIABLES
    }
    known |= {"HOME": str(tmp_path), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    known |= environ
    done = subprocess.run(
        [sys.executable, "-m", "mailsetup", *words],
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        env={name: value for name, value in known.items() if value is not None},
        timeout=100,
        cwd=Path(__file__).resolve().parent.parent.parent,
    )
    assert "Traceback" not in done.stderr
    assert "defect of this program (" not in done.stdout + done.stderr
    assert "defecto de este programa (" not in done.stdout + done.stderr
    assert done.returncode in (0, 1, 2, 3, 5)
    if done.returncode:
        assert done.stdout + done.stderr
    return done


ODD: dict[str, dict[str, str | None]] = {
    "no home": {"HOME": None},
    "home that is a file": {"HOME": "{file}"},
    "home that is missing": {"HOME": "{file}.gone/home"},
    "empty home": {"HOME": ""},
    "config that is a file": {"XDG_CONFIG_HOME": "{file}"},
    "data that is a file": {"XDG_DATA_HOME": "{file}", "XDG_CACHE_HOME": "{file}"},
    "relative config": {"XDG_CONFIG_HOME": "relative"},
    "runtime that is missing": {"XDG_RUNTIME_DIR": "{file}.gone"},
    "temporary that is missing": {"TMPDIR": "{file}.gone"},
    "width": {"COLUMNS": "nonsense", "LINES": "-7"},
    "narrow": {"COLUMNS": "1"},
    "huge": {"COLUMNS": "99999999999999999999"},
    "no colour": {"NO_COLOR": "1", "TERM": "dumb"},
    "terminal": {"TERM": "nonsense"},
    "locale": {"LC_ALL": "nonsense", "LANG": "xx_YY", "LANGUAGE": "\x1b[2J::"},
    "ascii": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "ascii spanish": {"LANGUAGE": "es", "LANG": "es_ES.UTF-8", "PYTHONIOENCODING": "ascii"},
    "certificates": {"SSL_CERT_FILE": "{file}.gone", "SSL_CERT_DIR": "{file}"},
    "proxies": {"HTTPS_PROXY": "nonsense://", "ALL_PROXY": "::", "HTTP_PROXY": "\x1b"},
    "path": {"PATH": ""},
    "no path": {"PATH": None},
    "epoch": {"SOURCE_DATE_EPOCH": "99999999999999999999999"},
    "keyring": {"PYTHON_KEYRING_BACKEND": "nonsense.Backend"},
    "bus": {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"},
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("verb", VERBS)
def test_unusable_environment_is_no_defect_of_the_program(
    tmp_path: Path, name: str, verb: str
) -> None:
    (tmp_path / "file").write_text("mine")
    out = str(tmp_path / "out")
    (tmp_path / "out.csv").write_text("name;address\nAna;ana@gmail.com\n")
    environ = {
        key: value.format(file=tmp_path / "file") if value is not None else None
        for key, value in ODD[name].items()
    }
    run([word.format(out=out) for word in VERBS[verb]], environ, tmp_path)
    assert (tmp_path / "file").read_text() == "mine"


# Certificates -----------------------------------------------------------------------------------


def searched(tmp_path: Path, *words: str, **environ: str) -> tuple[list[str], str]:
    """The warnings of a search in JSON, and its text."""
    command = ("discover", "ana@nosuch.invalid", "--timeout", "3", *words)
    found = valid(json.loads(run((*command, "--json"), {**environ}, tmp_path).stdout), "discover")
    return found["warnings"], run(command, {**environ}, tmp_path).stdout


@pytest.mark.parametrize("kind", ["missing", "text", "folder", "fifo", "garbage", "null", "empty"])
def test_invalid_certificate_file_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "ca.pem"
    match kind:
        case "text":
            path.write_text("no certificate")
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "garbage":
            path.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        case "null":
            path = Path("/dev/zero")
        case "empty":
            path.touch()
        case _:
            assert kind == "missing"
    warnings, text = searched(tmp_path, SSL_CERT_FILE=str(path))
    assert "ssl-cert-file" in warnings
    assert f"The file of SSL_CERT_FILE cannot be read: {path}" in text


def test_invalid_certificate_folder_is_named(tmp_path: Path) -> None:
    warnings, text = searched(tmp_path, SSL_CERT_DIR=f"{tmp_path}/gone")
    assert "ssl-cert-dir" in warnings
    assert f"The folder of SSL_CERT_DIR cannot be read: {tmp_path}/gone" in text


def test_valid_certificates_are_not_mentioned(tmp_path: Path) -> None:
    assert certificate_faults({}) == ()
    assert certificate_faults({"SSL_CERT_DIR": str(tmp_path)}) == ()
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    if bundle.exists():
        assert certificate_faults({"SSL_CERT_FILE": str(bundle)}) == ()


def test_environment_of_the_network_is_not_mentioned_offline(tmp_path: Path) -> None:
    done = run(
        ("discover", "ana@gmail.com", "--offline", "--json"),
        {"SSL_CERT_FILE": f"{tmp_path}/gone", "HTTPS_PROXY": "http://127.0.0.1:9"},
        tmp_path,
    )
    assert json.loads(done.stdout)["warnings"] == []


# The program's own folder for settings ----------------------------------------------------------


@pytest.mark.parametrize("content", ["", "no xml", "<clientConfig", "<clientConfig/>", "\0" * 99])
def test_unusable_configuration_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / ".config/mailsetup/isp/company.invalid.xml"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    command = ("discover", "ana@company.invalid", "--offline")
    environ: dict[str, str | None] = {"XDG_CONFIG_HOME": None}
    found = valid(json.loads(run((*command, "--json"), environ, tmp_path).stdout), "discover")
    assert found["warnings"] == [f"file-unusable:{path}"]
    text = run(command, environ, tmp_path).stdout
    assert f"{path} was ignored: it holds no settings that can be used." in text


@pytest.mark.parametrize("content", ["no toml =", "client = 1", "[[client]]\nissuer = 1", "\xff"])
def test_invalid_oauth_client_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / ".config/mailsetup/oauth.toml"
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="latin-1")
    done = run(
        ("check", "ana@gmail.com", "--offline", "--no-send", "--sign-in", "device", "--json"),
        {"XDG_CONFIG_HOME": None},
        tmp_path,
    )
    error = valid(json.loads(done.stdout), "error")["error"]
    assert (done.returncode, error["id"]) == (2, "sign-in.settings")
    assert str(path) in error["message"]


# Proxies ----------------------------------------------------------------------------------------


@pytest.fixture
def listening() -> Iterator[int]:
    """A port at which something takes connections."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_unreachable_proxy_is_named(tmp_path: Path, variable: str) -> None:
    proxy = "http://eva:canary-Pa55@127.0.0.1:9"
    warnings, text = searched(tmp_path, **{variable: proxy})
    assert "proxy-unreachable" in warnings
    assert f"The proxy of {variable} does not answer: http://127.0.0.1:9." in text
    assert "canary" not in text


def test_reachable_proxy_is_not_mentioned(tmp_path: Path, listening: int) -> None:
    warnings, text = searched(tmp_path, HTTPS_PROXY=f"http://127.0.0.1:{listening}")
    assert not [word for word in warnings if word.startswith("proxy")]
    assert "proxy" not in text


@pytest.mark.parametrize(
    "value",
    [
        "socks5://eva:canary-Pa55@127.0.0.1:9",
        "http://eva:canary-Pa55@127.0.0.1:99999",
        "http://eva:canary-Pa55@",
        "nonsense://",
        "file:///etc/passwd",
        "http://[::1",
        "::::",
        "http://a b:80",
        "http://\x1b[2J:80",
    ],
)
def test_invalid_proxy_is_named(tmp_path: Path, value: str) -> None:
    setting = proxy_setting({"HTTPS_PROXY": value})
    assert setting is not None
    assert setting.url == ""
    warnings, text = searched(tmp_path, HTTPS_PROXY=value)
    assert "proxy-unusable" in warnings
    assert "The proxy of HTTPS_PROXY cannot be used" in text
    assert "canary" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, None),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"HTTPS_PROXY": "p:3128"}, "http://p:3128"),
        ({"HTTPS_PROXY": "https://p"}, "https://p"),
        ({"HTTPS_PROXY": "HTTP://p:1"}, "HTTP://p:1"),
        ({"ALL_PROXY": "http://a:1", "HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"ALL_PROXY": "http://a:1"}, "http://a:1"),
        ({"HTTPS_PROXY": " ", "ALL_PROXY": ""}, None),
    ],
)
def test_proxy_variables_as_in_curl(environ: dict[str, str], url: str | None) -> None:
    setting = proxy_setting(environ)
    assert (setting.url if setting is not None else None) == url


def test_every_fault_has_a_sentence_in_each_language() -> None:
    from mailsetup.assistant.texts.search import warning_sentence

    for fault in EnvironmentFault:
        sentences: set[Any] = set()
        for language in LANGUAGES:
            with i18n.override_language(language):
                sentences.add(warning_sentence(fault))
        assert len(sentences) == len(LANGUAGES)
        assert fault not in sentences


# Languages --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LC_ALL": "C", "LANG": "es_ES.UTF-8"}, "en"),
        ({"LC_ALL": "POSIX", "LANGUAGE": "es"}, "en"),
        ({"LC_ALL": "es_ES.UTF-8", "LANG": "C"}, "es"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "es"}, "es"),
        ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "fr:es:en"}, "es"),
        ({"LANG": "es_MX", "LANGUAGE": "fr"}, "es"),
        ({"LANG": "est_EE"}, "en"),
        ({"LANG": "nonsense\x1b"}, "en"),
        ({"LANGUAGE": "es"}, "es"),
        ({"LANGUAGE": ":::"}, "en"),
        ({"LC_MESSAGES": "es_AR", "LANG": "en_GB"}, "es"),
        ({}, "en"),
    ],
)
def test_language_is_chosen_as_in_gettext(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert i18n.system_language() == language
