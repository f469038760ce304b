"""The options that technicians enter for a run."""

import os
from pathlib import Path

import pytest

from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.settings_file import MAX_FILE, SettingsFileFailure, read_settings_file
from mailsetup.assistant.technician_options import (
    TechnicianField,
    TechnicianOptionFailure,
    TechnicianOptions,
    holds_certificates,
    run_options,
)
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery

ANA = EmailAddress("ana", "bodega.test")


def test_empty_options_change_nothing() -> None:
    base = RunOptions(agreed=("hoster.com",), budget=7)
    assert run_options(TechnicianOptions(), base) == base


def test_options_are_added_to_the_base() -> None:
    entered = TechnicianOptions(
        resolver=" 192.0.2.53:5353 ",
        trust="hoster.com, Peñíscola.es",
        seconds="30",
        offline=True,
        plain_http=True,
        client_id=" mi-programa ",
    )
    options = run_options(entered, RunOptions(agreed=("mine.example",)))
    assert isinstance(options, RunOptions)
    assert options.network.resolver == ("192.0.2.53", 5353)
    assert options.agreed == ("mine.example", "hoster.com", "xn--pescola-8ya9a.es")
    assert options.budget == 30
    assert options.offline
    assert options.plain_http
    assert options.oauth_client_id == "mi-programa"


@pytest.mark.parametrize(
    ("entered", "field"),
    [
        (TechnicianOptions(resolver="ns.hoster.com"), TechnicianField.RESOLVER),
        (TechnicianOptions(resolver="192.0.2.53:99999"), TechnicianField.RESOLVER),
        (TechnicianOptions(trust="hoster.com com"), TechnicianField.TRUST),
        (TechnicianOptions(trust="hos\u202eter.com"), TechnicianField.TRUST),
        (TechnicianOptions(client_id="mi programa"), TechnicianField.CLIENT_ID),
        (TechnicianOptions(client_id="mi\u200bprograma"), TechnicianField.CLIENT_ID),
        (TechnicianOptions(seconds="0"), TechnicianField.SECONDS),
        (TechnicianOptions(seconds="٣"), TechnicianField.SECONDS),
        (TechnicianOptions(seconds="1e9"), TechnicianField.SECONDS),
        (TechnicianOptions(ca_file="/no/such/file"), TechnicianField.CA_FILE),
        (TechnicianOptions(ca_file="a\0b"), TechnicianField.CA_FILE),
    ],
)
def test_an_invalid_option_is_reported_with_its_field(
    entered: TechnicianOptions, field: TechnicianField
) -> None:
    problem = run_options(entered, RunOptions())
    assert isinstance(problem, TechnicianOptionFailure)
    assert problem.field is field
    assert problem.sentence


def test_certificates_are_read_from_regular_files_within_the_limit_only(tmp_path: Path) -> None:
    pipe, large, text = tmp_path / "pipe", tmp_path / "large", tmp_path / "text"
    os.mkfifo(pipe)
    large.write_bytes(b"\n" * (MAX_FILE + 1))
    text.write_text("no certificate")
    assert not any(map(holds_certificates, (pipe, large, text, tmp_path)))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "settings.unusable"),
        (b"[" * 100_000, "settings.unusable"),
        (b"{}", "settings.unusable"),
        (b'{"incoming": [{"host": "a b"}]}', "settings.unusable"),
        (b"\xff\xfe", "settings.unusable"),
        (b" " * (MAX_FILE + 1), "settings.unusable"),
        (None, "settings.unreadable"),
    ],
)
def test_an_invalid_settings_file_has_id_and_sentence(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "settings.json"
    if content is not None:
        path.write_bytes(content)
    read = read_settings_file(path, ANA)
    assert isinstance(read, SettingsFileFailure)
    assert read.id == problem
    assert read.sentence


def test_a_settings_file_is_read_as_a_discovery(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(
        '{"incoming": [{"protocol": "imap", "host": "imap.bodega.test", "port": 993,'
        ' "security": "tls"}]}'
    )
    read = read_settings_file(path, ANA)
    assert isinstance(read, Discovery)
    assert read.settings is not None
    assert read.settings.incoming[0].username == "ana@bodega.test"
    assert read.confirm == ()
