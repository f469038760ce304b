"""Standard input and output that are no console, as Windows gives them."""

import io
import sys

import pytest

from mailsetup.system.standard_streams import decoded, show_collected, use_utf8_in_pipes

CHECK_MARK = "✔ → ☰ ── ✘ · ñ €"


def pipe(encoding: str = "cp1252") -> tuple[io.BytesIO, io.TextIOWrapper]:
    raw = io.BytesIO()
    return raw, io.TextIOWrapper(raw, encoding=encoding, write_through=True)


def test_what_is_piped_on_windows_is_utf8() -> None:
    raw, stream = pipe()
    use_utf8_in_pipes([stream], "win32", {})
    stream.write(CHECK_MARK)
    assert raw.getvalue().decode() == CHECK_MARK


@pytest.mark.parametrize(
    ("platform", "environ"), [("linux", {}), ("win32", {"PYTHONIOENCODING": "cp1252"})]
)
def test_the_users_own_encoding_is_left_alone(platform: str, environ: dict[str, str]) -> None:
    _raw, stream = pipe()
    use_utf8_in_pipes([stream, None], platform, environ)
    assert stream.encoding == "cp1252"


def test_a_console_keeps_its_encoding() -> None:
    class Console(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    console = Console(io.BytesIO(), encoding="utf-16-le")
    use_utf8_in_pipes([console], "win32", {})
    assert console.encoding == "utf-16-le"


@pytest.mark.parametrize(
    ("sent", "code_pages"),
    [
        ("contraseña".encode(), ()),
        (b"\xef\xbb\xbf" + "contraseña".encode(), ()),
        ("contraseña".encode("cp850"), ("cp850", "cp1252")),
        ("contraseña".encode("cp1252"), ("cp1252",)),
        ("contraseña".encode("cp1252"), ("ascii", "cp99999", "cp1252")),
    ],
)
def test_a_password_is_read_in_the_encoding_of_the_shell(
    sent: bytes, code_pages: tuple[str, ...]
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(sent + b"\r\n"), encoding="cp1252")
    use_utf8_in_pipes([stream], "win32", {})
    assert decoded(stream.readline(), code_pages).strip() == "contraseña"


def test_a_line_in_no_known_encoding_cannot_be_read() -> None:
    with pytest.raises(UnicodeDecodeError):
        decoded(b"\xff".decode("utf-8", "surrogateescape"), ("ascii",))


@pytest.mark.parametrize(("text", "shown"), [("Usage: …\n", ["Usage: …"]), (" \n", []), ("", [])])
def test_a_program_without_console_shows_its_text_in_a_box(text: str, shown: list[str]) -> None:
    boxes: list[str] = []
    show_collected(io.StringIO(text), boxes.append)
    assert boxes == shown


@pytest.mark.skipif(sys.platform != "win32", reason="the code pages of Windows")
def test_windows_has_code_pages_that_python_knows() -> None:
    assert decoded(b"\xa4".decode("utf-8", "surrogateescape"))
