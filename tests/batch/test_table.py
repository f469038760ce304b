"""Tables in usual forms, and unusable ones."""

import json
import os
import sys
from pathlib import Path

import pytest

from mailsetup.batch.columns import Column
from mailsetup.batch.table import MAX_BYTES, MAX_ROWS, PeopleTable, TableFailure, read_table
from mailsetup.batch.table_check import BatchPlan, Defaults, check_table
from mailsetup.model.settings import AccountSettings
from tests.support.batch.workbooks import cells_of, xlsx

DEFAULTS = Defaults("en")


def written(tmp_path: Path, content: bytes | str, name: str = "people.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table(path: Path) -> PeopleTable:
    found = read_table(path)
    assert isinstance(found, PeopleTable), found
    return found


def plan(tmp_path: Path, text: str, defaults: Defaults = DEFAULTS) -> BatchPlan:
    return check_table(table(written(tmp_path, text)), defaults)


def refused(path: Path) -> str:
    found = read_table(path)
    assert isinstance(found, TableFailure)
    return found.reason


SPANISH = "Nombre;Correo electrónico;Contraseña\nAna Núñez;ana@bodega.es;señal\n"


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac_roman", "cp850"],
)
def test_every_usual_delimiter_and_encoding_is_recognised(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    path = written(tmp_path, SPANISH.replace(";", delimiter).encode(encoding))
    rows = table(path).rows
    assert [row.cells for row in rows] == [
        {Column.NAME: "Ana Núñez", Column.ADDRESS: "ana@bodega.es", Column.PASSWORD: "señal"}
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_have_the_spreadsheets_numbers(tmp_path: Path, end: str) -> None:
    text = 'address,name\na@b.es,"two\nlines"\n\nc@b.es,C\n'.replace("\n", end)
    assert [row.number for row in table(written(tmp_path, text)).rows] == [2, 5]


def test_excels_delimiter_directive_is_understood(tmp_path: Path) -> None:
    path = written(tmp_path, "sep=,\nname,address\nAna;Eva,ana@b.es\n")
    assert table(path).rows[0].cells[Column.NAME] == "Ana;Eva"


def test_a_title_may_be_above_the_header(tmp_path: Path) -> None:
    found = table(written(tmp_path, "Altas de enero;;\n;;\nNombre;Correo;Puesto\nA;a@b.es;x\n"))
    assert found.rows[0].number == 4
    assert found.ignored == ("Puesto",)


def test_a_workbook_gives_values_and_never_formulas(tmp_path: Path) -> None:
    rows = (("Nombre", "Correo"), ("Ana", '=A2&"@bodega.es"'))
    path = written(
        tmp_path, xlsx({"Personal": cells_of(*rows, formula="ana@bodega.es")}), "people.xlsx"
    )
    assert table(path).rows[0].cells == {Column.NAME: "Ana", Column.ADDRESS: "ana@bodega.es"}
    assert "Personal" in table(path).form


def test_a_missing_sheet_is_reported_with_the_existing_ones(tmp_path: Path) -> None:
    path = written(tmp_path, xlsx({"Personal": cells_of(("address",), ("a@b.es",))}), "people.xlsx")
    found = read_table(path, sheet="Enero")
    assert isinstance(found, TableFailure)
    assert "Personal" in found.reason


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n\n",
        b"name,phone\nAna,1\n",
        b"address\n",
        b"address,name\n,,,\n",
        b"address,e-mail\na@b.es,c@d.es\n",
        b'address,name\na@b.es,"Ana\n',
        b"PK\x03\x04 not a workbook",
        b"\xd0\xcf\x11\xe0 not one either",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00",
        b"\x00" * 100,
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    assert len(refused(written(tmp_path, content))) > 20


def test_a_hundred_thousand_people_fit_and_one_more_does_not(tmp_path: Path) -> None:
    text = "address\n" + "".join(f"p{number}@b.es\n" for number in range(MAX_ROWS))
    assert len(table(written(tmp_path, text)).rows) == MAX_ROWS
    assert "Split it" in refused(written(tmp_path, text + "one.more@b.es\n"))


def test_every_bad_row_is_reported_with_its_number_and_no_password(tmp_path: Path) -> None:
    checked = plan(
        tmp_path,
        "address,name,password,program,language,settings\n"
        "a@b.es,A,canario,,,\n"
        "no address,B,canario,,,\n"
        "A@b.es,again,canario,,,\n"
        "c@b.es,C,canario,pine,,\n"
        "d@b.es,D,canario,,klingon,\n"
        "e@b.es,E,canario,,,missing.json\n"
        "f@b.es,F,can\x07ario,,,\n"
        f"g@b.es,{'n' * 300},canario,,,\n"
        "h@b.es,\u202eevil,canario,,,\n"
        ",nobody,canario,,,\n",
    )
    assert [one.row for one in checked.problems] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert len({one.reason for one in checked.problems}) == 9
    assert "canario" not in repr(checked) + str(checked)
    assert [person.row for person in checked.people] == [2]


def test_commas_quotes_emoji_and_any_script_in_names_are_unchanged(tmp_path: Path) -> None:
    names = ['García, "Pepe"', "👩‍💻 Ana", "محمد علي", "O'Brien", "=1+1", "two lines"]
    text = "name;address\n" + "".join(
        '"{}";p{}@b.es\n'.format(name.replace('"', '""').replace("two ", "two\n"), number)
        for number, name in enumerate(names)
    )
    assert [person.name for person in plan(tmp_path, text).people] == names


@pytest.mark.parametrize(
    ("rows", "first", "last"),
    [
        (["Ana;a@b.es", '"Bob;b@b.es', "Eva;e@b.es", "Leo;l@b.es"], 3, 5),
        (["Ana;a@b.es", '"Bob;b@b.es', "Eva;e@b.es", '"Leo";l@b.es', "Zoe;z@b.es"], 3, 5),
        (['"Bob;b@b.es', *(f"P{number};p{number}@b.es" for number in range(20_000))], 2, 0),
    ],
)
def test_a_quotation_mark_that_swallows_rows_is_reported_with_its_row(
    tmp_path: Path, rows: list[str], first: int, last: int
) -> None:
    (tmp_path / "people.csv").write_text("\n".join(("name;address", *rows)) + "\n")
    table = read_table(tmp_path / "people.csv")
    assert isinstance(table, TableFailure)
    assert f"opens in row {first} is not closed" in table.reason
    assert f"to row {last or ''}" in table.reason


def test_rows_swallowed_by_two_stray_quotation_marks_are_not_recognised(tmp_path: Path) -> None:
    rows = ["Ana;a@b.es", '"Bob;b@b.es', "Eva;e@b.es", 'Leo";l@b.es', "Zoe;z@b.es"]
    checked = plan(tmp_path, "\n".join(("name;address", *rows)) + "\n")
    assert [person.row for person in checked.people] == [2, 6]
    (problem,) = checked.problems
    assert problem.row == 3
    assert "closed in row 5 only" in problem.reason


def test_rows_swallowed_by_a_password_are_reported_and_not_shown(tmp_path: Path) -> None:
    rows = ["a@b.es;Ana;secret", 'b@b.es;Bob;"canario', "e@b.es;Eva;canario", 'l@b.es;Leo;canario"']
    # A line break at a password's end came with its cell.
    rows += ["z@b.es;Zoe;secret", 'x@b.es;Max;"s@cret\n"']
    checked = plan(tmp_path, "\n".join(("address;name;password", *rows)) + "\n")
    assert [person.row for person in checked.people] == [2, 6, 7]
    (problem,) = checked.problems
    assert problem.row == 3
    assert "closed in row 5 only" in problem.reason
    assert "canario" not in problem.reason


def test_unbalanced_quotation_marks_in_one_row_are_reported(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text('name;address\nAna;a@b.es\n"Bob" B;b@b.es\nEva;e@b.es\n')
    table = read_table(tmp_path / "people.csv")
    assert table == TableFailure("The quotation marks in row 3 do not match.")


def test_first_and_last_name_may_be_separate_columns(tmp_path: Path) -> None:
    checked = plan(tmp_path, "Nombre;Apellidos;Correo\nAna;Núñez Gil;a@b.es\n")
    assert checked.people[0].name == "Ana Núñez Gil"


def test_programs_and_languages_are_taken_as_people_write_them(tmp_path: Path) -> None:
    checked = plan(
        tmp_path,
        "correo|programa|idioma\na@b.es|Outlook, iPhone|Español\nb@b.es|K-9 / thunderbird|en-GB\n",
    )
    assert [(person.programs, person.language) for person in checked.people] == [
        (("outlook", "apple-mail"), "es"),
        (("thunderbird-android", "thunderbird"), "en"),
    ]


def test_a_settings_file_of_one_person_is_adapted_to_the_others(tmp_path: Path) -> None:
    server = {"host": "mail.b.es", "port": 993, "security": "tls"}
    incoming = [{**server, "protocol": "imap", "username": "ana"}]
    outgoing = [{**server, "protocol": "smtp", "username": "%EMAILADDRESS%"}]
    settings_file = {
        "address": "ana@b.es",
        "settings": {"incoming": incoming, "outgoing": outgoing},
    }
    (tmp_path / "one.json").write_text(json.dumps(settings_file))
    checked = plan(
        tmp_path, "address,settings\neva@b.es,one.json\n", Defaults("en", folder=tmp_path)
    )
    settings = checked.people[0].settings
    assert settings is not None
    made = settings.settings_for(checked.people[0].address)
    assert isinstance(made, AccountSettings)
    assert [server.username for server in made.servers] == ["eva", "eva@b.es"]


# What is given in place of a table --------------------------------------------------------------


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "too large" in refused(path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX kinds of files")
def test_what_is_no_file_is_refused_by_its_name_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero"), tmp_path / "missing\x1b[2J"):
        reason = refused(path)
        assert path.name.partition("\x1b")[0] in reason
        assert "\x1b" not in reason


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_a_table_without_read_permission_is_reported(tmp_path: Path) -> None:
    path = written(tmp_path, "address\na@b.es\n")
    path.chmod(0)
    assert "may not read" in refused(path)


@pytest.mark.parametrize("line", ["sep=\n", 'sep="\n', "sep=\x1b\n", "sep= \n", "sep=ab\n", "sep="])
def test_a_delimiter_directive_without_delimiter_is_harmless(tmp_path: Path, line: str) -> None:
    found = read_table(written(tmp_path, line + "address;name\na@b.es;A\n"))
    assert isinstance(found, TableFailure) or len(found.rows) == 1
    assert "\x1b" not in repr(found)


def test_a_value_split_by_an_unquoted_delimiter_is_reported_with_its_row(
    tmp_path: Path,
) -> None:
    checked = plan(
        tmp_path,
        "nombre;correo;contraseña\n"
        "Ana;ana@b.es;canario;123\n"
        "Eva;eva@b.es;whole;\n"
        "Leo;leo@b.es;whole;;\n"
        'Zoe;zoe@b.es;"a;b"\n',
    )
    assert [person.row for person in checked.people] == [3, 4, 5]
    (problem,) = checked.problems
    assert problem.row == 2
    assert "more cells" in problem.reason
    assert "canario" not in problem.reason


def test_a_remark_outside_the_columns_of_a_workbook_is_ignored(tmp_path: Path) -> None:
    content = xlsx({"P": cells_of(("address", ""), ("a@b.es", "", "call her first"))})
    checked = check_table(table(written(tmp_path, content, "p.xlsx")), DEFAULTS)
    assert [person.row for person in checked.people] == [2]


@pytest.mark.parametrize(
    "content",
    [
        "name,address\nA,a@b.es\nEva,e@b.es".encode("utf-16") + b"\x41",
        b"name,address\nA,a@b.es\nN\xfc\xfc\xfc\xfc\x81,e@b.es\n",
        "name,address\nA,a@b.es\nN\ufffdria,e@b.es\n".encode(),
    ],
)
def test_unreadable_characters_are_reported_with_their_row(tmp_path: Path, content: bytes) -> None:
    checked = check_table(table(written(tmp_path, content)), DEFAULTS)
    assert [person.row for person in checked.people] == [2]
    assert [problem.row for problem in checked.problems] == [3]


@pytest.mark.parametrize("name", ["klingon", "zlib", "a\0b", "\x1b[2J", "utf-16", "ascii"])
def test_an_encoding_that_does_not_fit_is_reported(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "name,address\nÑ,a@b.es\n")
    found = read_table(path, encoding=name)
    assert isinstance(found, TableFailure)
    assert "\x1b" not in found.reason


def test_an_option_that_means_nothing_for_this_table_is_refused(tmp_path: Path) -> None:
    text = written(tmp_path, "address\na@b.es\n")
    book = written(tmp_path, xlsx({"P": cells_of(("address",), ("a@b.es",))}), "p.xlsx")
    for found in (read_table(text, sheet="P"), read_table(book, encoding="utf-8")):
        assert isinstance(found, TableFailure)
        assert found.reason.startswith("--")


HOSTILE_TEXT = "\x1b]0;evil\x07\x9b2J\u202e"


@pytest.mark.parametrize(
    "text",
    [
        f"address;{HOSTILE_TEXT}\na@b.es;x\n",
        f"address;mail{HOSTILE_TEXT};e-mail\na@b.es;;\n",
        f"address;program\na@b.es;{HOSTILE_TEXT}\n",
        f"address;language\na@b.es;{HOSTILE_TEXT}\n",
        f"address;settings\na@b.es;{HOSTILE_TEXT}\n",
        f"address;name\na@b.es;{HOSTILE_TEXT}\n",
        f"address;name\na{HOSTILE_TEXT}@b.es;x\n",
        f"address;password command\na@b.es;{HOSTILE_TEXT}\n",
    ],
)
def test_texts_of_a_table_are_shown_without_control_characters(tmp_path: Path, text: str) -> None:
    found = read_table(written(tmp_path, text))
    said: list[str]
    if isinstance(found, TableFailure):
        said = [found.reason]
    else:
        checked = check_table(found, Defaults("en", folder=tmp_path))
        said = [*found.ignored, found.form, *(problem.reason for problem in checked.problems)]
    assert any(said)
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set("".join(said))
