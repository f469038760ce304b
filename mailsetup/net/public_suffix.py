"""Registrable domains, by the public suffix list of the package `publicsuffixlist`."""

import re
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from publicsuffixlist import PSLFILE, PublicSuffixList

from mailsetup.model.hostname import to_u_label

_ICANN_BEGINS = "// ===BEGIN ICANN DOMAINS==="
_ICANN_ENDS = "// ===END ICANN DOMAINS==="


@cache
def _text() -> tuple[str, str]:
    """The rules of the ICANN section, and those of the private section."""
    registries, _, others = Path(PSLFILE).read_text("utf-8").partition(_ICANN_ENDS)
    return registries, others


@lru_cache(maxsize=512)
def _rules(top: str) -> tuple[list[str], list[str]]:
    """The rules below one top-level domain.

    The library takes 100 ms to parse all ten thousand, at the beginning of a search.
    """
    rule = re.compile(rf"^(?:[^\s/]+\.)?{re.escape(to_u_label(top))}$", re.MULTILINE)
    registries, others = _text()
    return rule.findall(registries), rule.findall(others)


@lru_cache(maxsize=512)
def _list(top: str, *, only_icann: bool) -> PublicSuffixList:
    registries, others = _rules(top)
    text = "\n".join((_ICANN_BEGINS, *registries, _ICANN_ENDS, *others))
    return PublicSuffixList(text, only_icann=only_icann)


def _below_suffix(name: str, *, only_icann: bool) -> str | None:
    host = name.lower().rstrip(".")
    top = host.rpartition(".")[2]
    if top.isdigit():
        # An IP address: there is no top-level domain of digits.
        return None
    return _list(top, only_icann=only_icann).privatesuffix(host)


@lru_cache(maxsize=4096)
def owned_domain(name: str) -> str:
    """The shortest domain of a host name that certainly has one owner: the unit of trust.

    As `registrable_domain`, with the private section of the list too: each name below ``eu.org``,
    ``uk.com`` or ``github.io`` has another owner. A suffix, and a name outside the list, is
    returned itself.
    """
    return _below_suffix(name, only_icann=False) or name.lower().rstrip(".")


def url_owner(url: str) -> str:
    """The `owned_domain` of a URL's host; "" without a host."""
    return owned_domain(urlsplit(url).hostname or "")


@lru_cache(maxsize=4096)
def registrable_domain(name: str) -> str | None:
    """The registered part of a host name, or None for a public suffix.

    ``mail.bodega.co.uk`` gives ``bodega.co.uk``; ``co.uk`` gives None. Only the ICANN section of
    the list counts: the owners by the registries.
    """
    return _below_suffix(name, only_icann=True)


def same_organisation(one: str, other: str) -> bool:
    """Whether two host names have the same registrable domain."""
    registrable = registrable_domain(one)
    return registrable is not None and registrable == registrable_domain(other)
