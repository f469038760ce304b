"""Configuration for nginx: the published files, each at its URLs, with their media types.

Every value in it is a host name, a path or an address that `PublishOptions.fault` or the validation
of accounts accepted: nginx cannot quote a ``$``.
"""

import re
from collections.abc import Collection

from mailsetup.export.publish.layout import AUTODISCOVER_PATH, PLACES, ServedFile
from mailsetup.export.publish.options import PublishOptions

# Longer names may exceed nginx's default bucket size of 64 octets.
_LONG_NAME = 45


def nginx_names(domain: str, options: PublishOptions, files: Collection[str]) -> bytes:
    """``server`` blocks for the names below the domain, to be included in ``http``."""
    places = [place for place in PLACES if place.label and place.file in files]
    lines = ["# Include this in nginx's http part, for example as a file in conf.d."]
    longest = max((len(place.host(domain)) for place in places), default=0)
    if longest > _LONG_NAME:
        lines += [
            "# These names are long: if nginx asks for it, put this into the http part:",
            "#   server_names_hash_bucket_size 512;",
        ]
    for place in places:
        lines += ["", *_server(place, domain, options)]
    return ("\n".join(lines) + "\n").encode("ascii")


def nginx_domain(domain: str, options: PublishOptions, files: Collection[str]) -> bytes:
    """``location`` blocks for the domain's own web site, to be included in its ``server``."""
    lines = [f"# Include this inside the server part of {domain} itself."]
    for place in PLACES:
        if not place.label and place.file in files:
            lines += ["", *_location(place, domain, options)]
    return ("\n".join(lines) + "\n").encode("ascii")


def _server(place: ServedFile, domain: str, options: PublishOptions) -> list[str]:
    folder = f"/etc/letsencrypt/live/{domain}"
    return [
        "server {",
        *(f"    listen {address} ssl;" for address in options.listen),
        f"    server_name {place.host(domain)};",
        f"    ssl_certificate {options.certificate or f'{folder}/fullchain.pem'};",
        f"    ssl_certificate_key {options.certificate_key or f'{folder}/privkey.pem'};",
        "",
        *(f"    {line}" for line in _location(place, domain, options)),
        "",
        "    location / {",
        "        return 404;",
        "    }",
        "}",
    ]


def _location(place: ServedFile, domain: str, options: PublishOptions) -> list[str]:
    folder = (options.folder or f"/srv/mail-settings/{domain}").rstrip("/")
    # Outlook writes the path in upper, lower or mixed case.
    match = f"~* ^{re.escape(place.path)}$" if place.posted else f"= {place.path}"
    lines = [
        f"location {match} {{",
        f"    alias {folder}/{place.file};",
        "    types { }",
        f'    default_type "{place.media_type}";',
    ]
    if place.by_script:
        lines.append('    add_header Access-Control-Allow-Origin "*" always;')
    if place.posted:
        # nginx answers POST for a static file with 405; the file is sent instead.
        lines.append(f"    error_page 405 =200 {AUTODISCOVER_PATH};")
    return [*lines, "}"]
