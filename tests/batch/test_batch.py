"""The verb ``batch`` where no server is asked: results, bad input, usage."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailsetup.cli.main import main
from mailsetup.cli.services import CommandServices
from tests.support.batch.command_line import batch, outcomes, people, run
from tests.support.cli.schema import valid
from tests.support.programs.qr_reader import decoded_svg

pytestmark = pytest.mark.slow


def test_each_person_gets_a_folder_with_their_programs_and_a_welcome_sheet(tmp_path: Path) -> None:
    table = people(
        tmp_path,
        "Ana Núñez;ana@gmail.com;;thunderbird, apple-mail;es",
        "Bob;bob@gmail.com;;;en",
    )
    document = batch(tmp_path, table, "--for", "gmail")
    assert outcomes(document) == ["ready", "ready"]
    ana, bob = document["people"]
    for person in (ana, bob):
        assert all((tmp_path / "out" / name).is_file() for name in person["files"])
    assert [name.split("/", 2)[2] for name in ana["files"]] == [
        "welcome.html",
        "thunderbird/thunderbird-ana-gmail.com.zip",
        "apple-mail/apple-mail-ana-gmail.com.mobileconfig",
        "apple-mail/apple-mail-ana-gmail.com.html",
    ]
    assert bob["programs"] == ["gmail"]
    sheets = [(tmp_path / "out" / person["files"][0]).read_text() for person in (ana, bob)]
    assert '<html lang="es">' in sheets[0]
    assert "Ana Núñez" in sheets[0]
    assert '<html lang="en">' in sheets[1]
    assert "Welcome, Bob" in sheets[1]


def test_the_code_on_the_sheet_is_read_by_a_phone(tmp_path: Path) -> None:
    document = batch(tmp_path, people(tmp_path, "Ana;ana@gmail.com;;;"))
    sheet = (tmp_path / "out" / document["people"][0]["files"][0]).read_text()
    svg = sheet[sheet.index("<svg") : sheet.index("</svg>") + 6]
    assert json.loads(decoded_svg(svg.encode()))[2][1] == "imap.gmail.com"


def test_reports_contain_no_password_and_no_formula(tmp_path: Path) -> None:
    names = ["=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "-2+3", "\t=1", "＝1"]
    table = people(
        tmp_path, *(f"{name};p{n}@gmail.com;canario-{n};;" for n, name in enumerate(names))
    )
    document = batch(tmp_path, table)
    assert [person["name"] for person in document["people"]] == [name.strip() for name in names]
    report = (tmp_path / "out" / "report.csv").read_text(encoding="utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(report)) for cell in row]
    assert len(cells) > 60
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r＝" and cell]
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert b"canario" not in path.read_bytes(), path


def test_names_cannot_become_markup_in_any_page(tmp_path: Path) -> None:
    table = people(tmp_path, '"<script>alert(1)</script>""\'";ana@gmail.com;;other;')
    batch(tmp_path, table)
    pages = list((tmp_path / "out").rglob("*.html"))
    assert len(pages) == 3
    for page in pages:
        assert "<script>alert" not in page.read_text()


def test_nothing_is_done_while_a_row_is_wrong(tmp_path: Path) -> None:
    table = people(tmp_path, "Ana;ana@gmail.com;;;", "Bob;bob;;;", "Eva;eva@gmail.com;;pine;")
    document = batch(tmp_path, table, status=2)
    assert document["error"]["id"] == "table.rows"
    assert [row["row"] for row in document["error"]["rows"]] == [3, 4]
    assert not (tmp_path / "out").exists()
    skipped = batch(tmp_path, table, "--skip-bad")
    assert outcomes(skipped) == ["ready"]
    assert [row["row"] for row in skipped["skipped"]] == [3, 4]


def test_a_dry_run_checks_the_table_and_writes_nothing(tmp_path: Path) -> None:
    table = people(tmp_path, "Ana;ana@gmail.com;;;")
    document = batch(tmp_path, table, "--dry-run")
    assert (document["people"], document["domains"]) == (1, 1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--for", "pine"), "usage"),
        (("--password-command", "pass 'x"), "usage"),
        (("--contact", "a\nb"), "usage"),
        (("--per-host", "9"), "usage"),
        (("--encoding", "klingon"), "table.unusable"),
    ],
)
def test_wrong_usage_is_reported(tmp_path: Path, words: tuple[str, ...], error: str) -> None:
    document = batch(tmp_path, people(tmp_path, "Ana;ana@gmail.com;;;"), *words, status=2)
    assert document["error"]["id"] == error


def test_domains_without_settings_are_reported_and_searched_for_again(tmp_path: Path) -> None:
    table = people(tmp_path, "Ana;ana@gmail.com;;;", "Eva;eva@nowhere.invalid;;;")
    assert outcomes(batch(tmp_path, table, status=3)) == ["ready", "no-settings"]
    assert outcomes(batch(tmp_path, table, status=3)) == ["ready", "no-settings"]
    journal = (tmp_path / "out" / ".mailsetup-batch" / "journal.jsonl").read_text().splitlines()
    persons = [json.loads(line)["address"] for line in journal if '"person"' in line]
    assert sorted(persons) == ["ana@gmail.com", "eva@nowhere.invalid", "eva@nowhere.invalid"]


def test_only_changed_rows_are_done_again(tmp_path: Path) -> None:
    first = people(tmp_path, "Ana;ana@gmail.com;;;", "Eva;eva@gmail.com;;;")
    before = {row["address"]: row for row in batch(tmp_path, first)["people"]}
    inodes = {
        name: (tmp_path / "out" / name).stat().st_ino
        for row in before.values()
        for name in row["files"]
    }
    second = people(
        tmp_path, "Ana;ana@gmail.com;;;", "Eva;eva@gmail.com;;outlook;", "Leo;leo@gmail.com;;;"
    )
    after = {row["address"]: row for row in batch(tmp_path, second)["people"]}
    for name in before["ana@gmail.com"]["files"]:
        assert (tmp_path / "out" / name).stat().st_ino == inodes[name]
    folder = (tmp_path / "out" / after["eva@gmail.com"]["files"][0]).parent
    assert {path.name for path in folder.iterdir()} == {"welcome.html", "outlook"}
    assert after["leo@gmail.com"]["outcome"] == "ready"


def test_an_incomplete_line_of_the_journal_is_ignored(tmp_path: Path) -> None:
    table = people(tmp_path, "Ana;ana@gmail.com;;;", "Eva;eva@gmail.com;;;")
    batch(tmp_path, table)
    journal = tmp_path / "out" / ".mailsetup-batch" / "journal.jsonl"
    whole = journal.read_bytes()
    for cut in (1, 5, 200, len(whole) - 3, len(whole)):
        journal.write_bytes(whole[:-cut])
        assert outcomes(batch(tmp_path, table)) == ["ready", "ready"]
        assert all(json.loads(line) for line in journal.read_bytes().splitlines())


def test_two_runs_cannot_work_in_one_folder(tmp_path: Path) -> None:
    from mailsetup.batch.journal import RunJournal

    table = people(tmp_path, "Ana;ana@gmail.com;;;")
    journal = RunJournal.open(tmp_path / "out")
    assert isinstance(journal, RunJournal)
    with journal:
        document = batch(tmp_path, table, status=2)
    assert document["error"]["id"] == "batch.not-written"
    batch(tmp_path, table)


def test_servers_from_a_journal_that_others_can_write_are_not_used(tmp_path: Path) -> None:
    from mailsetup.batch.journal import RunJournal

    batch(tmp_path, people(tmp_path, "Ana;ana@gmail.com;;;"))
    for mode, known in ((0o600, True), (0o666, False)):
        (tmp_path / "out" / ".mailsetup-batch" / "journal.jsonl").chmod(mode)
        journal = RunJournal.open(tmp_path / "out")
        assert isinstance(journal, RunJournal)
        with journal:
            assert ("gmail.com" in journal.domains) is known


def test_a_folder_that_cannot_be_written_stops_the_run_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    document = batch(tmp_path, people(tmp_path, "Ana;ana@gmail.com;;;"), status=2)
    assert document["error"]["id"] == "batch.not-written"


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows has other rights")
    document = batch(tmp_path, people(tmp_path, "Ana;ana@gmail.com;;apple-mail;"))
    files = [tmp_path / "out" / name for name in document["people"][0]["files"]]
    files += [tmp_path / "out" / name for name in ("report.html", "report.csv", "report.json")]
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_missing_pdf_pages_are_reported_and_end_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    services = CommandServices(make_page_pdf=lambda _page: b"")
    table = people(tmp_path, "Ana;ana@gmail.com;;;")
    words = ["batch", str(table), "--out", str(tmp_path / "out"), "--offline", "--pdf"]
    assert main(["--lang", "en", *words], services=services) == 1
    assert "PDF pages cannot be made here: 1 welcome pages are HTML only" in capsys.readouterr().err
    assert list((tmp_path / "out").rglob("*.html"))


def test_a_pdf_of_the_sheet_is_made_where_it_is_asked_for(tmp_path: Path) -> None:
    import pypdf

    table = people(tmp_path, "Ana Núñez;ana@gmail.com;;;en")
    words = ["batch", table, "--out", str(tmp_path / "out"), "--offline", "--pdf"]
    subprocess.run([sys.executable, "-m", "mailsetup", *words], check=True, capture_output=True)
    (made,) = (tmp_path / "out").rglob("welcome.pdf")
    text = pypdf.PdfReader(made).pages[0].extract_text()
    assert "Welcome, Ana Núñez" in text
    assert "imap.gmail.com" in text


NO_TABLES = {
    "empty": b"",
    "blank": b" \n\n",
    "binary": bytes(range(256)) * 20,
    "image": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "no header": b"Ana,ana@gmail.com\n",
    "one column": b"name\nAna\n",
    "nobody": b"address;name\n",
    "two headings": b"address;mail\na@gmail.com;b@gmail.com\n",
    "open quotation": b'address;name\n"a@gmail.com;A\nb@gmail.com;B\n',
    "odd utf-16": "address;name\na@gmail.com;A".encode("utf-16-le")[:-1],
    "zeros": bytes(5000),
    "zip": b"PK\x03\x04" + bytes(100),
    "ole": b"\xd0\xcf\x11\xe0" + bytes(5000),
    "zero in a name": b"address;name\na@gmail.com;A\x00B\n" + b"# \n" * 3000,
    "json": b'{"address": "a@gmail.com"}',
    "html": b"<table><tr><td>address</td></tr></table>",
    "surplus": b"address;name\na@gmail.com;A;B\n",
}


@pytest.mark.parametrize("kind", NO_TABLES)
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_file_that_is_no_table_is_reported_in_a_sentence(
    tmp_path: Path, kind: str, language: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(NO_TABLES[kind])
    status, out, err = run("--lang", language, "batch", str(path), "--dry-run")
    assert (status, out) == (2, "")
    assert len(err) > 20
    status, out, _err = run("--lang", language, "batch", str(path), "--dry-run", "--json")
    document = valid(json.loads(out), "error")
    assert document["error"]["id"] in ("table.unusable", "table.rows")
