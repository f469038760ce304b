"""What ``discover`` says to a person, in both languages."""

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


def said(*words: str) -> str:
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
def test_an_app_password_is_told_with_where_to_get_it(lang: str, sentence: str) -> None:
    text = said("ana@gmail.com", "--lang", lang)
    assert sentence in text
    assert "https://support.google.com/" in text


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ana@gmail.com",), True),
        (("ana@gmail.com", "--json"), False),
        (("ana@@gmail.com",), False),
    ],
)
def test_who_watches_is_told_at_once_what_happens(words: tuple[str, ...], told: bool) -> None:
    messages = _Terminal()
    main(["discover", *words, "--offline"], io.StringIO(), io.StringIO(), messages)
    assert messages.getvalue().startswith("Looking for your mail servers …\n") is told


def test_case_and_plus_of_the_mailbox_stay_and_the_domain_is_the_same_in_any_case() -> None:
    text = said("Ana.Pérez+tienda@GMail.COM", "--lang", "en")
    assert "imap.gmail.com, port 993, SSL/TLS, Ana.Pérez+tienda@gmail.com" in text


@pytest.mark.parametrize(
    ("lang", "first", "advice"),
    [
        ("en", "No mail servers were found for ana@bodega.example.", "Ask your hosting"),
        ("es", "No se han encontrado servidores de correo para ana@bodega.example.", "Pide a tu"),
    ],
)
def test_where_nothing_is_known_the_next_step_is_told_and_no_empty_chain(
    lang: str, first: str, advice: str
) -> None:
    lines = said("ana@bodega.example", "--lang", lang).splitlines()
    assert lines[0] == first
    assert lines[-1].startswith(advice)
    assert not any("→" in line for line in lines)


def test_a_provider_behind_its_own_program_is_named_with_where_to_get_that() -> None:
    text = said("ana@proton.me", "--lang", "en")
    assert text.startswith("No mail servers were found for ana@proton.me.")
    assert "https://proton.me/mail/bridge" in text
    assert "Ask your hosting" not in text


def test_a_provider_that_lets_no_program_in_is_told_so() -> None:
    assert "No mail program can be set up for it." in said("ana@tuta.com", "--lang", "en")


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


def test_calendars_and_the_like_are_told_too() -> None:
    out = io.StringIO()
    write_discovery(FOUND, out)
    lines = [line.strip() for line in out.getvalue().splitlines()]
    assert "Calendar: https://dav.bodega.es/cal/" in lines
    assert "Filter rules: mail.bodega.es, port 4190, STARTTLS" in lines
    assert "Also by JMAP: https://jmap.bodega.es/" in lines


def test_a_name_in_other_letters_is_never_shown_without_its_form_in_the_dns() -> None:
    out = io.StringIO()
    write_discovery(FOUND, out)
    assert "\N{CYRILLIC SMALL LETTER A}pple.com (xn--pple-43d.com)" in confirmation_sentence(FOUND)
    assert "imap.peñíscola.es (imap.xn--pescola-8ya9a.es), port 993" in out.getvalue()


def test_a_question_without_settings_does_not_begin_with_a_failure() -> None:
    out = io.StringIO()
    source = Source(Method.AUTODISCOVER, "hoster.com", Channel.DNS)
    write_discovery(
        Discovery(DiscoveryStatus.NEEDS_CONFIRMATION, source=source, confirm=("x.es",)), out
    )
    assert out.getvalue() == ""
