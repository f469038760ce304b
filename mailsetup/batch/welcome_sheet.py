"""The welcome sheet: one page for a person's first day, on the screen or on paper.

It contains no password, loads nothing and has no scripts; all inserted texts are escaped.
"""

from dataclasses import dataclass
from functools import lru_cache

from mailsetup import i18n, resources
from mailsetup.apply.targets import TARGETS
from mailsetup.export.exporter import Artifact, CopyValue, ExportFailure, InstructionStep
from mailsetup.export.guide.page import escape, server_values
from mailsetup.export.guide.qr import quick_svg
from mailsetup.export.programs.k9_settings import qr_payload
from mailsetup.export.programs.thunderbird_android import sign_in_step
from mailsetup.formats.html_page import html_head
from mailsetup.i18n import _
from mailsetup.model.settings import Account

_QR_MM = 44.0
_OWN_CHAPTER = frozenset(target.id for target in TARGETS if target.kind is not None)
"""Programs that the sheet always mentions."""


@dataclass(frozen=True, slots=True)
class SheetProgram:
    """The files written for one program; ``id`` is also the name of their folder."""

    id: str
    title: str
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class SheetChapter:
    """A part of the page. ``picture`` is an SVG shown next to the steps."""

    title: str
    lead: str = ""
    steps: tuple[InstructionStep, ...] = ()
    picture: str = ""


@dataclass(frozen=True, slots=True)
class WelcomeSheet:
    """A page in one language."""

    language: str
    title: str
    lead: str
    address: str
    chapters: tuple[SheetChapter, ...]
    account: Account
    contact: str


def sheet(account: Account, programs: tuple[SheetProgram, ...], contact: str = "") -> WelcomeSheet:
    """The page in the current language. The account must be valid (`validate`)."""
    name = account.person
    return WelcomeSheet(
        language=i18n.language(),
        title=_("Welcome, {name}").format(name=name) if name else _("Welcome"),
        lead=_("This is your mailbox, and how to read it on your computer and on your phone."),
        address=str(account.address),
        chapters=(*_computers(programs), *_phone(account)),
        account=account,
        contact=contact,
    )


def _computers(programs: tuple[SheetProgram, ...]) -> tuple[SheetChapter, ...]:
    return tuple(
        SheetChapter(
            title=_("On the computer: {program}").format(program=program.title),
            lead=_("The files are in the folder “{folder}”, beside this page.").format(
                folder=program.id
            )
            if program.artifact.files
            else "",
            steps=program.artifact.steps,
        )
        for program in programs
        if program.id not in _OWN_CHAPTER
    )


def _phone(account: Account) -> tuple[SheetChapter, ...]:
    payload = qr_payload(account)
    picture = "" if isinstance(payload, ExportFailure) else quick_svg(payload, _QR_MM)
    if not picture:
        return ()
    return (
        SheetChapter(
            title=_("On an Android phone"),
            lead=_("This code holds your settings, but not your password."),
            steps=(
                InstructionStep(
                    _("Install Thunderbird or K-9 Mail on the phone from its app store.")
                ),
                InstructionStep(_("Open the app and tap “Import settings”, then “Scan QR code”.")),
                InstructionStep(_("Hold the phone in front of the code on this page.")),
                sign_in_step(account),
            ),
            picture=picture,
        ),
    )


def _password_words(contact: str) -> str:
    asking = _("Your password is not on this page. You get it from your technician.")
    return f"{asking} {contact}".strip()


# As a page of its own -----------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _style() -> str:
    return resources.read_text("batch", "welcome.css")


def html(page: WelcomeSheet) -> bytes:
    """The page as a self-contained HTML document, which can be printed."""
    title = f"{page.title}: {page.address}"
    with i18n.override_language(page.language):
        heading = escape(_("Your e-mail address"))
        last = escape(_("This page holds no password and loads nothing."))
        parts = (
            html_head(page.language, title, _style()),
            f"<header><h1><bdi>{escape(page.title)}</bdi></h1><p>{escape(page.lead)}</p></header>\n",
            f"<section><h2>{heading}</h2>",
            f'<p class="address">{escape(page.address)}</p>',
            f'<p class="note">{escape(_password_words(page.contact))}</p></section>\n',
            *(_chapter(chapter) for chapter in page.chapters),
            _servers(page.account),
            f"<footer>{last}</footer>\n",
            "</main>\n</body>\n</html>\n",
        )
        return "".join(parts).encode()


def _chapter(chapter: SheetChapter) -> str:
    lead = f"<p>{escape(chapter.lead)}</p>" if chapter.lead else ""
    steps = "".join(f"<li>{_step(step)}</li>" for step in chapter.steps)
    body = f"{lead}<ol>{steps}</ol>" if steps else lead
    if chapter.picture:
        body = f'<div class="phone">{chapter.picture}<div>{body}</div></div>'
    kind = ' class="long"' if len(chapter.steps) > 5 else ""
    return f"<section{kind}><h2>{escape(chapter.title)}</h2>{body}</section>\n"


def _step(step: InstructionStep) -> str:
    return f"<p>{escape(step.text)}</p>{_values(step.values)}"


def _values(values: tuple[CopyValue, ...]) -> str:
    if not values:
        return ""
    rows = "".join(
        f"<dt>{escape(value.label)}</dt><dd>{escape(value.value)}</dd>" for value in values
    )
    return f"<dl>{rows}</dl>"


def _servers(account: Account) -> str:
    sides = "".join(
        f"<div><h3>{escape(title)}</h3>{_values(server_values(server))}</div>"
        for title, server in (
            (_("To receive"), account.incoming),
            (_("To send"), account.outgoing),
        )
    )
    title = escape(_("For any other program"))
    return f'<section><h2>{title}</h2><div class="servers">{sides}</div></section>\n'


# For paper ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Printed:
    """The page in the HTML subset of Qt's text documents, with its pictures."""

    title: str
    html: str
    pictures: dict[str, str]


def printed(page: WelcomeSheet) -> Printed:
    """The page for a PDF writer: tables and paragraphs without a style sheet."""
    pictures: dict[str, str] = {}
    with i18n.override_language(page.language):
        heading = escape(_("Your e-mail address"))
        others = escape(_("For any other program"))
        parts = [
            f"<h1>{escape(page.title)}</h1>\n<p>{escape(page.lead)}</p>\n",
            f"<h2>{heading}</h2>\n",
            f'<p><font size="5"><b>{escape(page.address)}</b></font></p>\n',
            f"<p>{escape(_password_words(page.contact))}</p>\n",
        ]
        for number, chapter in enumerate(page.chapters):
            steps = "".join(
                f"<li>{escape(step.text)}{_printed_values(step.values)}</li>\n"
                for step in chapter.steps
            )
            text = f"<p>{escape(chapter.lead)}</p>\n" if chapter.lead else ""
            text += f"<ol>\n{steps}</ol>\n" if steps else ""
            if chapter.picture:
                name = f"picture-{number}"
                pictures[name] = chapter.picture
                text = (
                    '<table width="100%" cellspacing="0" cellpadding="6"><tr><td width="30%">'
                    f'<img src="{name}" width="150" height="150"></td><td>{text}</td></tr></table>'
                )
            parts.append(f"<h2>{escape(chapter.title)}</h2>\n{text}")
        parts.append(f"<h2>{others}</h2>\n")
        for title, server in (
            (_("To receive"), page.account.incoming),
            (_("To send"), page.account.outgoing),
        ):
            values = _printed_values(server_values(server))
            parts.append(f"<p><b>{escape(title)}</b></p>\n{values}")
    return Printed(f"{page.title}: {page.address}", "".join(parts), pictures)


def _printed_values(values: tuple[CopyValue, ...]) -> str:
    if not values:
        return ""
    rows = "".join(
        f'<tr><td width="35%">{escape(value.label)}</td><td><b>{escape(value.value)}</b></td></tr>'
        for value in values
    )
    return f'<table width="100%" cellspacing="0" cellpadding="3">{rows}</table>\n'
