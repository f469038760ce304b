"""The guide for any program: the contents of its page, its card and its printed form."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsetup import i18n
from mailsetup.export.exporter import Artifact
from mailsetup.export.guide.card import card
from mailsetup.export.guide.paper import print_html, with_pdf
from mailsetup.export.guide.plain_text import text
from mailsetup.export.programs.other import Other
from mailsetup.model.settings import Account, Authentication, SocketType
from tests.contract.exporters import AWKWARD
from tests.support.samples.accounts import ORDINARY, account

# The tags that Qt's rich text supports (Qt, "Supported HTML Subset"), as far as we use them.
QT = {
    "html", "head", "meta", "title", "body", "h1", "h2", "p", "i", "b", "font", "table", "tr", "td",
    "ol", "li", "br",
}  # fmt: skip


class Shown(HTMLParser):
    """The tags and the cells of a document; an unclosed tag is an error."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        if tag not in ("meta", "br"):
            self._open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self._open:
            self.cells[-1] += data

    @property
    def rows(self) -> list[tuple[str, str]]:
        return list(zip(self.cells[::2], self.cells[1::2], strict=True))


def exported(wanted: Account) -> Artifact:
    artifact = Other().export(wanted)
    assert isinstance(artifact, Artifact)
    return artifact


@pytest.mark.parametrize("name", ORDINARY)
def test_the_printed_form_has_every_value_and_only_tags_that_qt_supports(name: str) -> None:
    wanted = ORDINARY[name]
    shown = Shown(print_html(wanted))
    assert shown.tags <= QT
    assert not {"style", "src", "href", "class"} & shown.attributes
    assert ("E-mail address", str(wanted.address)) in shown.rows
    for server in (wanted.incoming, wanted.outgoing):
        assert ("Port", str(server.port)) in shown.rows
        assert ("User name", server.username) in shown.rows
        assert server.host in shown.cells


@settings(deadline=None)
@given(person=AWKWARD, username=AWKWARD.filter(lambda name: name.strip() != ""))
def test_names_are_escaped_in_the_printed_form(person: str, username: str) -> None:
    plain = account()
    wanted = replace(
        plain,
        person=person,
        incoming=replace(plain.incoming, username=username),
        outgoing=replace(plain.outgoing, username=username),
    )
    shown, usual = Shown(print_html(wanted)), Shown(print_html(plain))
    assert shown.tags == usual.tags
    assert len(shown.cells) == len(usual.cells)
    assert ("User name", username) in shown.rows


def test_values_in_large_letters_are_not_repeated_in_the_steps() -> None:
    shown = Shown(print_html(account()))
    assert shown.cells.count("mail.bodega.example") == 1
    assert ("Your name", "Ana Núñez") in shown.rows
    assert "the values above, under “To send”" in print_html(account())


def test_the_pdf_is_added_to_files_and_steps_or_a_note_says_that_it_is_missing() -> None:
    whole = with_pdf(exported(account()), account(), lambda _html, title: title.encode())
    assert whole.files[-1].name == "mail-ana-bodega.example.pdf"
    assert whole.files[-1].content == b"Your settings for ana@bodega.example"
    assert whole.files[-1].private
    assert whole.files[-1].name in whole.steps[1].text
    without = with_pdf(exported(account()), account(), lambda _html, _title: b"")
    assert without.files == exported(account()).files
    assert "PDF" in without.notes[-1]


def test_the_message_has_no_password_and_warns_of_sending_one() -> None:
    content = text(account())
    assert "Never send it" in content
    assert content.isprintable() is False
    assert all(line.isprintable() for line in content.split("\n"))


def test_a_provider_with_its_own_sign_in_is_noted_first() -> None:
    only = account(authentication=(Authentication.OAUTH2,))
    assert any("OAuth2" in note for note in exported(only).notes)
    assert exported(account()).notes == ()


def test_a_server_without_login_has_no_user_name() -> None:
    usual = account()
    open_one = replace(usual.outgoing, username="", authentication=(Authentication.NONE,))
    steps = exported(replace(usual, outgoing=open_one)).steps
    assert any("no user name" in step.text for step in steps)
    assert not any("requires you to sign in" in step.text for step in steps)


def test_only_terms_of_the_account_are_explained() -> None:
    def page(security: SocketType) -> str:
        return exported(account(security=security)).files[0].content.decode()

    assert "(port 143, 587)" in page(SocketType.STARTTLS)
    assert "(port 993, 465)" in page(SocketType.TLS)
    assert "STARTTLS" not in page(SocketType.TLS)


_TEXT = re.compile(r"[\d.]+")


@settings(deadline=None, max_examples=60)
@given(
    username=st.text(st.sampled_from("aW文 @"), min_size=1, max_size=320).filter(str.strip),
    labels=st.lists(st.sampled_from(["mail", "m" * 40, "x" * 60]), min_size=1, max_size=3),
)
def test_the_longest_values_fit_on_the_card(username: str, labels: list[str]) -> None:
    usual = account()
    host = ".".join([*labels, "bodega", "example"])
    wanted = replace(
        usual,
        incoming=replace(usual.incoming, host=host, username=username),
        outgoing=replace(usual.outgoing, host=host, username=username),
    )
    root = ElementTree.fromstring(card(wanted, "card.svg").content)  # noqa: S314 - our own
    svg = "{http://www.w3.org/2000/svg}"
    for group in root.iter(f"{svg}g"):
        for line in group.iter(f"{svg}text"):
            size = float(line.get("font-size", "0"))
            left, base = float(line.get("x", "0")), float(line.get("y", "0"))
            wide = sum(2 if char == "文" else 1 for char in line.text or "")
            assert left + wide * size * 0.6 <= 850
            assert base <= 500


def test_all_files_are_translated() -> None:
    i18n.set_language("es")
    page, message, card_file = exported(account()).files
    assert b'<html lang="es">' in page.content
    assert b'xml:lang="es"' in card_file.content
    assert message.content.decode().count(": ") == 11
    assert '<html lang="es">' in print_html(account())
