"""Instructions for the hosting, in any language, independently of the current one."""

import textwrap
from collections.abc import Collection

from mailsetup.export.publish import layout
from mailsetup.export.publish.options import PublishOptions
from mailsetup.i18n import N_, translations

_WIDTH = 78


def readme(
    domain: str,
    options: PublishOptions,
    files: Collection[str],
    notes: tuple[str, ...],
    language: str,
) -> bytes:
    """The text as UTF-8. ``notes`` are message ids whose placeholders are filled already."""
    translate = translations(language).gettext
    title = translate(N_("Mail settings of {domain}")).format(domain=domain)
    parts = [_underlined(title, "="), _wrapped(translate(_INTRODUCTION))]
    parts += [_wrapped(f"! {note}", "  ") for note in notes]
    folder = options.folder or f"/srv/mail-settings/{domain}"
    parts += [
        _underlined(translate(N_("1. On the web server")), "-"),
        _wrapped(translate(_WEB).format(folder=folder, names=layout.NGINX_NAMES)),
        _places(domain, files),
        _wrapped(translate(_OWN_SITE).format(domain=domain, name=layout.NGINX_DOMAIN)),
        _wrapped(translate(_BYTES)),
    ]
    parts += [
        _underlined(translate(N_("2. In the DNS")), "-"),
        _wrapped(translate(_ZONE).format(domain=domain, name=layout.RECORDS)),
        _wrapped(translate(_REPLACE)),
    ]
    if layout.PACC in files:
        parts.append(_wrapped(translate(_DIGEST).format(name=layout.PACC)))
    if layout.POLICY in files:
        parts.append(_wrapped(translate(_POLICY).format(name=layout.POLICY)))
    parts += [
        _underlined(translate(N_("3. Check")), "-"),
        _wrapped(translate(_CHECK)),
        f"    mailsetup publish {domain} --settings FILE --verify",
    ]
    return ("\n\n".join(parts) + "\n").encode()


_INTRODUCTION = N_(
    "With these files every mail program finds the servers of this domain by itself. They hold no"
    " password and no person's name, so they may be public."
)
_WEB = N_(
    "Put the files into {folder} and include {names} in nginx. The certificate has to cover every"
    " name below; put its place into {names}. With another web server, serve the files at these"
    " addresses:"
)
_OWN_SITE = N_(
    "Include {name} in the server part of {domain} as well. It is for programs that ask the domain"
    " itself."
)
_BYTES = N_(
    "The file at autodiscover has to be the answer to POST, too. No address may need a login, and"
    " none may lead to a page of the web site."
)
_ZONE = N_(
    "Add the records of {name} to the zone of {domain}: include the file, import it, or copy it"
    " line by line into the panel."
)
_REPLACE = N_(
    "Remove older records of the same names first: beside a CNAME nothing else may stand. The mail"
    " servers that the SRV records name must have addresses of their own, not a CNAME."
)
_DIGEST = N_(
    "The TXT record at _ua-auto-config holds the digest of {name}. Change the two together, and"
    " serve the file without changing a single byte."
)
_POLICY = N_(
    "{name} tells other servers to deliver only over TLS to these mail exchangers. Start with"
    " “testing”, read the reports, then change it to “enforce”. Whenever you change the file,"
    " change the id in the TXT record at _mta-sts."
)
_CHECK = N_("When all is in place, ask for what is really served:")


def _underlined(heading: str, char: str) -> str:
    return f"{heading}\n{char * len(heading)}"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _places(domain: str, files: Collection[str]) -> str:
    """A file with its URLs and media type."""
    lines: list[str] = []
    for file in dict.fromkeys(place.file for place in layout.PLACES if place.file in files):
        lines.append(f"    {file}")
        for place in layout.PLACES:
            if place.file == file:
                lines.append(f"        {place.url(domain)}")
        media_type = next(place.media_type for place in layout.PLACES if place.file == file)
        lines.append(f"        Content-Type: {media_type}")
    return "\n".join(lines)
