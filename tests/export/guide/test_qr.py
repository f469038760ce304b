"""QR codes decode to their text: as PNG, as SVG, and as drawn by the window."""

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from mailsetup.export.guide.qr import QUIET_ZONE, QrMatrix, encode, quick_svg
from mailsetup.export.programs.k9_settings import qr_payload
from tests.support.programs.k9_rules import read_code
from tests.support.programs.qr_reader import decoded, decoded_png, decoded_svg
from tests.support.samples.accounts import ORDINARY, account

PEOPLE = {
    "plain": "Ana Muster",
    "umlauts": "Jürgen Groß-Weißmüller",
    "spanish": "Íñigo Núñez de Peñarrubia",
    "czech": "Žofie Příšerně Žluťoučká",
    "greek": "Ελένη Παπαδοπούλου",
    "chinese": "王小明",
    "japanese": "山田 太郎 さん",
    "arabic": "محمد بن سلمان",
    "emoji": "Ana 🍇🍷👩‍🌾",
    "joined": "می‌خواهم",
    "quotes": 'O\'Neil "the <b>" \\ & [x],{y}',
    "long": "María del Carmen " * 11,
    "long and wide": "ñáéíóúü" * 28,
    "empty": "",
}


def draw(matrix: QrMatrix, pixels: int = 5) -> QImage:
    """Draw the matrix as a window would."""
    side = (matrix.size + 2 * QUIET_ZONE) * pixels
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    for x, y in matrix.dark():
        corner = (QUIET_ZONE + x) * pixels, (QUIET_ZONE + y) * pixels
        painter.fillRect(QRect(*corner, pixels, pixels), QColor("black"))
    painter.end()
    return image


@pytest.mark.parametrize("name", PEOPLE)
def test_every_form_of_the_code_is_read_back_field_by_field(name: str) -> None:
    username = "".join(char for char in PEOPLE[name][:40] if char not in "\u200c\u200d")
    wanted = account(person=PEOPLE[name], username=f"u {username}".strip())
    payload = qr_payload(wanted)
    assert isinstance(payload, str)
    code = encode(payload)
    assert code is not None
    for text in (decoded_png(code.png), decoded_svg(code.svg), decoded(draw(code.matrix))):
        assert text == payload
        (parsed,) = read_code(text).accounts
        (outgoing,) = parsed.outgoing
        assert (parsed.incoming.host, parsed.incoming.port) == (
            wanted.incoming.host,
            wanted.incoming.port,
        )
        assert parsed.incoming.username == outgoing.server.username == wanted.incoming.username
        assert (outgoing.server.host, outgoing.server.port) == (
            wanted.outgoing.host,
            wanted.outgoing.port,
        )
        assert outgoing.identities == ((wanted.address.ascii, wanted.person),)


def test_an_svg_is_read_on_a_dark_page_too() -> None:
    code = encode("dark")
    assert code is not None
    assert decoded_svg(code.svg, ground="black") == "dark"


def test_the_picture_is_large_enough_for_a_phone_at_any_length() -> None:
    for length in (10, 300, 800, 2900):
        code = encode("x" * length)
        assert code is not None
        image = QImage.fromData(code.png)
        modules = code.matrix.size + 2 * QUIET_ZONE
        assert image.width() == image.height()
        assert image.width() % modules == 0, "modules must be whole pixels"
        assert image.width() // modules >= 4
        assert decoded_png(code.png) == "x" * length


def test_encoding_is_deterministic_and_limited_in_length() -> None:
    assert encode("ana") == encode("ana")
    assert encode("x" * 2953) is not None
    assert encode("x" * 2954) is None


def test_pictures_contain_no_text_of_the_account() -> None:
    payload = qr_payload(ORDINARY["imap-tls"])
    assert isinstance(payload, str)
    code = encode(payload)
    assert code is not None
    for content in (code.png, code.svg):
        assert b"bodega" not in content
        assert b"tEXt" not in content
        assert b"<title" not in content


@pytest.mark.parametrize("name", PEOPLE)
def test_a_quickly_made_code_is_read_back(name: str) -> None:
    payload = qr_payload(account(person=PEOPLE[name]))
    assert isinstance(payload, str)
    assert decoded_svg(quick_svg(payload, 44).encode()) == payload


@pytest.mark.parametrize("length", [1, 17, 18, 106, 367, 2953])
def test_a_quickly_made_code_of_every_size_is_read_back(length: int) -> None:
    assert decoded_svg(quick_svg("x" * length, 200).encode()) == "x" * length


def test_a_text_that_no_code_can_hold_gives_no_picture() -> None:
    assert quick_svg("x" * 2954, 44) == ""


def test_a_quickly_made_code_has_its_size_in_millimetres() -> None:
    assert ' width="44mm" height="44mm" ' in quick_svg("ana", 44)
