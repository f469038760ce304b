"""HTML documents that load nothing: a content security policy allows only what they contain."""

import base64
import hashlib
from functools import lru_cache
from html import escape


def html_head(
    language: str, title: str, style: str, *, script: str = "", further: tuple[str, ...] = ()
) -> str:
    """The beginning of a document up to ``<main>``.

    ``style`` and ``script`` are allowed by their hashes (CSP level 3, section 2.3.1); the caller
    inserts the script. ``further`` are elements of the head, already escaped.
    """
    scripts = f" script-src '{_hash(script)}';" if script else ""
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}';{scripts} base-uri 'none';"
        " form-action 'none'"
    )
    lines = (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        *further,
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n",
    )
    return "\n".join(lines)


@lru_cache(maxsize=8)
def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
