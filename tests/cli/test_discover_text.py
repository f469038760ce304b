"""The text output of ``discover``, in both languages."""

import io

import pytest

from mailsetup.cli.main import main
from mailsetup.cli.text import confirmation_sentence, write_discovery
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.settings import (
    AccountSettings,
    Protocol,
    ServerSettings,
    Service,
    ServiceKind,
    SocketType,
)
from mailsetup.model.source import Channel, Method, Source


def printed(*words: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    main(["discover", *words, "--offline"], io.StringIO(), out, err)
    return out.getvalue()


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("en", "This provider wants an app password instead of your usual one."),
        ("es", "Este proveedor pide una contraseña de aplicación en lugar de la habitual."),
    ],
)
def test_app_password_is_explained_with_its_page(lang: str, sentence: str) -> None:
    text = printed("ana@gmail.com", "--lang", lang)
    assert sentence in text
    assert "https://support.google.com/" in text


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("words", "is_announced"),
    [
        (("ana@gmail.com",), True),
        (("ana@gmail.com", "--json"), False),
        (("ana@@gmail.com",), False),
    ],
)
def test_search_is_announced_at_once_on_a_terminal(
    words: tuple[str, ...], is_announced: bool
) -> None:
    messages = _Terminal()
    main(["discover", *words, "--offline"], io.StringIO(), io.StringIO(), messages)
    assert messages.getvalue().startswith("Looking for your mail servers …\n") is is_announced


def test_local_part_is_unchanged_and_domain_is_case_insensitive() -> None:
    text = printed("Ana.Pérez+tienda@GMail.COM", "--lang", "en")
    assert "imap.gmail.com, port 993, SSL/TLS, Ana.Pérez+tienda@gmail.com" in text


@pytest.mark.parametrize(
    ("lang", "first", "advice"),
    [
        ("en", "No mail servers were found for ana@bodega.example.", "Ask your hosting"),
        ("es", "No se han encontrado servidores de correo para ana@bodega.example.", "Pide a tu"),
    ],
)
def test_unknown_domain_prints_the_next_step_without_an_empty_chain(
    lang: str, first: str, advice: str
) -> None:
    lines = printed("ana@bodega.example", "--lang", lang).splitlines()
    assert lines[0] == first
    assert lines[-1].startswith(advice)
    assert not any("→" in line for line in lines)


def test_bridge_program_of_a_provider_is_named_with_its_page() -> None:
    text = printed("ana@proton.me", "--lang", "en")
    assert text.startswith("No mail servers were found for ana@proton.me.")
    assert "https://proton.me/mail/bridge" in text
    assert "Ask your hosting" not in text


def test_provider_without_access_for_programs_is_explained() -> None:
    assert "No mail program can be set up for it." in printed("ana@tuta.com", "--lang", "en")


IMAP = ServerSettings(
    Protocol.IMAP, "imap.xn--pescola-8ya9a.es", 993, SocketType.TLS, "ana@xn--pescola-8ya9a.es"
)
FOUND = Discovery(
    DiscoveryStatus.NEEDS_CONFIRMATION,
    AccountSettings(
        (IMAP,),
        (),
        services=(
            Service(ServiceKind.CALDAV, "ana", url="https://dav.bodega.es/cal/"),
            Service(
                ServiceKind.MANAGESIEVE,
                "ana",
                host="mail.bodega.es",
                port=4190,
                security=SocketType.STARTTLS,
            ),
            Service(ServiceKind.JMAP, "ana", url="https://jmap.bodega.es/"),
        ),
    ),
    Source(Method.SRV, "_tcp.bodega.es", Channel.DNS),
    confirm=("xn--pple-43d.com",),
)


def test_calendars_and_address_books_are_printed() -> None:
    out = io.StringIO()
    write_discovery(FOUND, out)
    lines = [line.strip() for line in out.getvalue().splitlines()]
    assert "Calendar: https://dav.bodega.es/cal/" in lines
    assert "Filter rules: mail.bodega.es, port 4190, STARTTLS" in lines
    assert "Also by JMAP: https://jmap.bodega.es/" in lines


def test_international_name_is_printed_with_its_a_labels() -> None:
    out = io.StringIO()
    write_discovery(FOUND, out)
    assert "\N{CYRILLIC SMALL LETTER A}pple.com (xn--pple-43d.com)" in confirmation_sentence(FOUND)
    assert "imap.peñíscola.es (imap.xn--pescola-8ya9a.es), port 993" in out.getvalue()


def test_confirmation_without_settings_is_no_failure() -> None:
    out = io.StringIO()
    source = Source(Method.AUTODISCOVER, "hoster.com", Channel.DNS)
    write_discovery(
        Discovery(DiscoveryStatus.NEEDS_CONFIRMATION, source=source, confirm=("x.es",)), out
    )
    assert out.getvalue() == ""
