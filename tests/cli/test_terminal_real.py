"""Every command in its text form on a real terminal, in both languages, against real servers."""

import json
import re
import sys
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

import pytest

from mailsetup import resources
from mailsetup.cli.parser.command_line import parser
from tests.support.programs.installed import program
from tests.support.servers.real_servers import RealServers

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals that Python opens", allow_module_level=True)

from tests.support.cli.terminal import Seen, on_terminal

pytestmark = pytest.mark.servers

ADDRESS = "ana@bodega.test"

_MIN_WORDS = 12
"""Characters of a text without placeholders that tell its language."""


@cache
def phrases() -> dict[str, frozenset[str]]:
    """What stands in each language's texts, and not in those of the other."""
    found: dict[str, set[str]] = {"en": set(), "es": set()}
    with resources.path("locale/es/LC_MESSAGES/mailsetup.mo").open("rb") as file:
        texts = vars(GNUTranslations(file))["_catalog"]
    for message, translation in texts.items():
        english = message[0] if isinstance(message, tuple) else message
        for language, text in (("en", english), ("es", translation)):
            pieces = re.split(r"\{\w*\}|%\(\w+\)[rs]|%s", text)
            longest = " ".join(max(pieces, key=len).split())
            if len(longest) >= _MIN_WORDS:
                found[language].add(longest)
    everything = {language: "\n".join(several) for language, several in found.items()}
    return {
        language: frozenset(text for text in found[language] if text not in everything[other])
        for language, other in (("en", "es"), ("es", "en"))
    }


def spoken(text: str, language: str) -> set[str]:
    """The phrases of a language that stand in a text."""
    flat = " ".join(text.split())
    return {phrase for phrase in phrases()[language] if phrase in flat}


COMMANDS: dict[str, tuple[tuple[str, ...], int]] = {
    "discover": (("discover", ADDRESS), 0),
    "discover nothing": (("discover", "ana@dead.test"), 3),
    "discover wrong": (("discover", "ana"), 2),
    "check": (("check", ADDRESS), 0),
    "check without sending": (("check", ADDRESS, "--no-send"), 0),
    "check with a complaint": (("check", ADDRESS, "--symptom", "no-llega"), 0),
    "check a domain": (("check", "--domain", "bodega.test"), 0),
    "check a domain again": (("check", "--domain", "bodega.test", "--since", "{home}/state"), 0),
    "check a domain wrongly": (("check", "--domain", "bodega.test", "--no-send"), 2),
    "export": (("export", ADDRESS, "--for", "outlook", "--for", "other", "--out", "{home}/o"), 0),
    "apply": (("apply", ADDRESS, "--to", "thunderbird"), 0),
    "apply to evolution": (("apply", ADDRESS, "--to", "evolution"), 0),
    "apply nowhere": (("apply", ADDRESS, "--to", "gmail"), 2),
    "undo": (("apply", ADDRESS, "--to", "thunderbird", "--undo"), 2),
    "publish": (("publish", "bodega.test", "--address", ADDRESS, "--out", "{home}/web"), 0),
    "publish verified": (("publish", "bodega.test", "--address", ADDRESS, "--verify"), 5),
    "batch": (("batch", "{home}/people.csv", "--out", "{home}/people"), 0),
    "batch checked": (("batch", "{home}/people.csv", "--out", "{home}/people", "--check"), 0),
    "batch dry": (("batch", "{home}/people.csv", "--dry-run"), 0),
    "batch wrong": (("batch", "{home}/nosuch.csv", "--dry-run"), 2),
    "kit": (("kit", "--settings", "{home}/settings.json", "--out", "{home}/kit"), 0),
    "programs": (("programs",), 0),
    "schema": (("schema",), 0),
    "completion": (("completion", "bash"), 0),
    "manual": (("manual",), 0),
    "help": (("--help",), 0),
    "help of check": (("check", "--help"), 0),
    "no command": (("nosuch",), 2),
}
_WITHOUT_NETWORK = {"kit", "programs", "schema", "completion", "manual", "--help", "nosuch"}
_WITHOUT_WORDS = {"schema", "kit", "completion"}
"""What these print is the same in every language."""


@pytest.fixture
def home(tmp_path: Path, servers: RealServers) -> Path:
    """A home folder with a table of people and settings in it."""
    for name in ("thunderbird", "evolution"):
        program(tmp_path / "bin" / name)
    row = f"Ana;{ADDRESS};{servers.accounts[ADDRESS]}"
    (tmp_path / "people.csv").write_text(f"name;address;password\n{row}\n")
    ports = {"incoming": ("imap", 993), "outgoing": ("smtp", 465)}
    settings: dict[str, object] = {
        side: [
            {
                "protocol": protocol,
                "host": f"{protocol}.bodega.test",
                "port": port,
                "security": "tls",
            }
        ]
        for side, (protocol, port) in ports.items()
    }
    settings["address"] = ADDRESS
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    return tmp_path


def seen(servers: RealServers, home: Path, language: str, *words: str) -> Seen:
    network = ("--resolver", servers.resolver, "--ca-file", str(servers.ca_file))
    verb, is_help = words[0], "--help" in words
    secret = servers.accounts[ADDRESS]
    return on_terminal(
        *("--lang", language),
        *(word.format(home=home) for word in words),
        *(() if verb in _WITHOUT_NETWORK or is_help else network),
        typed=(("Password for" if language == "en" else "Contraseña de", secret),),
        HOME=str(home),
        PATH=str(home / "bin"),
        XDG_CONFIG_HOME=str(home / ".config"),
        DBUS_SESSION_BUS_ADDRESS="",
        XDG_RUNTIME_DIR="",
        PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring",
    )


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_only_the_requested_language(
    servers: RealServers, home: Path, name: str, language: str
) -> None:
    words, status = COMMANDS[name]
    shown = seen(servers, home, language, *words)
    assert "Traceback" not in shown.text
    assert "defect of this program (" not in shown.text
    assert "defecto de este programa (" not in shown.text
    assert servers.accounts[ADDRESS] not in shown.text
    assert shown.status == status, shown.text
    assert shown.text.strip()
    other = {"en": "es", "es": "en"}[language]
    assert spoken(shown.text, other) == set(), shown.text
    assert bool(spoken(shown.text, language)) is (words[0] not in _WITHOUT_WORDS)


def test_every_command_of_the_parser_is_tested() -> None:
    assert {words[0] for words, _status in COMMANDS.values()} >= set(parser().verbs)


@pytest.mark.parametrize(
    ("language", "title", "sentence"),
    [
        ("en", "Logging in works", "Sending was not tested."),
        ("es", "El inicio de sesión funciona", "El envío no se probó."),
    ],
)
def test_check_without_a_message_does_not_claim_that_everything_works(
    servers: RealServers, home: Path, language: str, title: str, sentence: str
) -> None:
    shown = seen(servers, home, language, "check", ADDRESS, "--no-send", "--report", "{home}/r.txt")
    assert shown.status == 0
    assert title in shown.text
    page = (home / "r.txt").read_text(encoding="utf-8")
    assert title.upper() in page
    for text in (shown.text, page):
        assert sentence in text
        assert "Everything works" not in text
        assert "Todo funciona" not in text


@pytest.mark.parametrize("symptom", ["no-se", "no-envio", "no-llega", "adjuntos"])
def test_answer_to_a_complaint_without_a_message_mentions_none(
    servers: RealServers, home: Path, symptom: str
) -> None:
    shown = seen(servers, home, "en", "check", ADDRESS, "--no-send", "--symptom", symptom)
    assert "Nothing broken was found, but not everything could be checked." in shown.text
