"""The contract of every exporter: a suite of tests that one class a program inherits."""

import io
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from typing import Unpack

import pytest
from hypothesis import strategies as st

from mailsetup import i18n
from mailsetup.apply.targets import TARGETS
from mailsetup.export.exporter import Artifact, ArtifactFile, Exporter, ExportFailure
from mailsetup.export.filename import is_safe_name
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import parse_host
from mailsetup.model.settings import (
    Account,
    ServerSettings,
    SocketType,
)
from tests.support.samples.accounts import ORDINARY, ServerChanges, account

BASE = account()
HOSTILE_TEXTS = (
    'x");user_pref("a.b", "c',
    "line\nbreak",
    "carriage\rreturn",
    "tab\there",
    "nul\0",
    "escape\x1b[31m",
    "c1\x85",
    "separator\u2028",
    "paragraph\u2029",
    "bidi\u202eevil",
    "surrogate\ud800",
    "noncharacter\ufffe",
    "x" * 5000,
)
HOSTILE_HOSTS = (
    "",
    "host name",
    "a\nb.example",
    'a".example',
    "<b>.example",
    "../../etc",
    "UPPER.example",
    "münchen.example",
    "-a.example",
    "a..example",
    "a." * 200 + "example",
    'fe80::1%";x',
    "fe80::1%`touch${IFS}x`",
)
# Valid names with characters that have a meaning in some format.
AWKWARD = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co")),
        st.sampled_from("\"'\\<>&[];=%$`{}/#\u00a0"),
    ),
    max_size=60,
)
ANYTHING = st.text(st.characters(), max_size=40)
_LABEL = st.from_regex(r"(?:[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?|xn--1ca)", fullmatch=True)
HOSTS = st.one_of(
    st.lists(_LABEL, min_size=1, max_size=5).map(".".join),
    st.ip_addresses().map(str),
).filter(lambda host: parse_host(host, typed=True) == host)
"""Host names that pass the validation."""


def with_server(wanted: Account, **changes: Unpack[ServerChanges]) -> tuple[Account, Account]:
    """The account with one server changed: once the incoming, once the outgoing."""

    def changed(server: ServerSettings) -> ServerSettings:
        return replace(server, **changes)

    return (
        replace(wanted, incoming=changed(wanted.incoming)),
        replace(wanted, outgoing=changed(wanted.outgoing)),
    )


class Page(HTMLParser):
    """The elements and text of a page, as a browser would load them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


class ExporterContract:
    """Inherited by one class a program; the names of its tests are the contract."""

    program: Exporter

    def exported(self, wanted: Account) -> Artifact:
        result = self.program.export(wanted)
        assert isinstance(result, Artifact), result
        return result

    def test_one_row_of_the_table_loads_it(self) -> None:
        (row,) = (row for row in TARGETS if type(row.load_exporter()) is type(self.program))
        assert re.fullmatch(r"[a-z][a-z0-9-]*", row.id)
        assert row.title.strip()

    @pytest.mark.parametrize("name", ORDINARY)
    def test_ordinary_accounts_give_steps_and_safely_named_files(self, name: str) -> None:
        artifact = self.exported(ORDINARY[name])
        assert artifact.steps
        assert all(step.text.strip() for step in artifact.steps)
        names = [file.name for file in artifact.files]
        assert len(set(names)) == len(names)
        assert all(is_safe_name(file) and file.isascii() for file in names)
        assert all(file.content and file.media_type for file in artifact.files)

    @pytest.mark.parametrize("name", ORDINARY)
    def test_the_same_account_gives_the_same_bytes(self, name: str) -> None:
        assert self.exported(ORDINARY[name]) == self.exported(ORDINARY[name])

    @pytest.mark.parametrize("name", ORDINARY)
    def test_no_file_or_step_sets_a_password(self, name: str) -> None:
        artifact = self.exported(ORDINARY[name])
        # The names of password fields followed by a value, in every format that we write.
        filled = re.compile(
            rb'(?i)(?:<password>|"[^"]*(?:password|passwd)[^"]*"\s*,|password=)[^,\s]'
        )
        for file in artifact.files:
            for content in _contents(file):
                assert not filled.search(content), file.name

    @pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
    def test_hostile_text_is_refused_with_a_sentence_or_written_harmlessly(self, text: str) -> None:
        hostile = (replace(BASE, person=text), *with_server(BASE, username=text))
        for wanted in hostile:
            result = self.program.export(wanted)
            if text is HOSTILE_TEXTS[0]:
                assert isinstance(result, Artifact)
                self.check(wanted, result)
            else:
                assert isinstance(result, ExportFailure)
                assert result.reason.endswith(".")
                assert not any(char in result.reason for char in text if not char.isascii())

    @pytest.mark.parametrize("host", HOSTILE_HOSTS, ids=lambda host: ascii(host)[:30])
    def test_an_invalid_host_name_is_refused(self, host: str) -> None:
        for wanted in with_server(BASE, host=host):
            assert isinstance(self.program.export(wanted), ExportFailure)

    @pytest.mark.parametrize("port", [0, -1, 65536, True])
    def test_an_invalid_port_is_refused(self, port: int) -> None:
        for wanted in with_server(BASE, port=port):
            assert isinstance(self.program.export(wanted), ExportFailure)

    def test_a_server_without_encryption_is_refused(self) -> None:
        for wanted in with_server(BASE, security=SocketType.NONE):
            assert isinstance(self.program.export(wanted), ExportFailure)

    def test_swapped_servers_are_refused(self) -> None:
        swapped = replace(BASE, incoming=BASE.outgoing, outgoing=BASE.incoming)
        assert isinstance(self.program.export(swapped), ExportFailure)

    def test_an_unparsed_address_is_refused(self) -> None:
        for address in (
            EmailAddress("ana", "bodega.example\r\nBcc: x"),
            EmailAddress("a\nna", "bodega.example"),
            EmailAddress("", "bodega.example"),
            EmailAddress("ana", "../bodega"),
        ):
            assert isinstance(self.program.export(replace(BASE, address=address)), ExportFailure)

    def test_texts_are_in_the_current_language(self) -> None:
        for language in LANGUAGES:
            i18n.set_language(language)
            for file in self.exported(BASE).files:
                if file.name.endswith(".html"):
                    assert f'<html lang="{language}">'.encode() in file.content

    def check(self, wanted: Account, artifact: Artifact) -> None:
        """Parse the files and compare them with the account."""
        for file in artifact.files:
            if file.name.endswith(".html"):
                check_page(wanted, file)
        self.check_files(wanted, artifact)

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        raise NotImplementedError


def _contents(file: ArtifactFile) -> list[bytes]:
    if file.media_type != "application/zip":
        return [file.content]
    with zipfile.ZipFile(io.BytesIO(file.content)) as package:
        return [package.read(name) for name in package.namelist()]


def check_page(wanted: Account, file: ArtifactFile) -> None:
    """The page loads nothing, runs its own script only, and copies exact values."""
    page = Page(file.content.decode())
    assert file.private
    names = [tag for tag, _attributes in page.tags]
    assert names.count("script") == names.count("style") == 1
    assert not {"img", "iframe", "object", "embed", "link", "form", "base", "audio", "video"} & set(
        names
    )
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        assert "style" not in attributes
        assert "src" not in attributes
        link = attributes.get("href") or "#"
        assert link.startswith(("#", "https://mail.google.com/", "https://myaccount.google.com/"))
    policy = next(
        attributes["content"]
        for _tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    copied = {attributes["data-value"] for tag, attributes in page.tags if tag == "button"}
    assert {
        str(wanted.address),
        wanted.incoming.host,
        wanted.outgoing.host,
        str(wanted.incoming.port),
        wanted.incoming.username,
    } <= copied
