"""Registrable domains, from the bundled public suffix list (never fetched)."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.model.hostname import to_u_label

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_ICANN_BEGINS = "// ===BEGIN ICANN DOMAINS==="
_ICANN_ENDS = "// ===END ICANN DOMAINS==="


@cache
def _text() -> tuple[str, str]:
    """The registries' rules, and those of others below names of their own."""
    import publicsuffixlist

    registries, _, others = Path(publicsuffixlist.PSLFILE).read_text("utf-8").partition(_ICANN_ENDS)
    return registries, others


@lru_cache(maxsize=512)
def _rules(top: str) -> tuple[list[str], list[str]]:
    """Those below one top-level domain.

    All ten thousand would take the library a tenth of a second to take in, at the very moment when
    a search begins.
    """
    rule = re.compile(rf"^(?:[^\s/]+\.)?{re.escape(to_u_label(top))}$", re.MULTILINE)
    registries, others = _text()
    return rule.findall(registries), rule.findall(others)


@lru_cache(maxsize=512)
def _list(top: str, *, only_icann: bool) -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    registries, others = _rules(top)
    text = "\n".join((_ICANN_BEGINS, *registries, _ICANN_ENDS, *others))
    return PublicSuffixList(text, only_icann=only_icann)


def _below_suffix(name: str, *, only_icann: bool) -> str | None:
    host = name.lower().rstrip(".")
    top = host.rpartition(".")[2]
    if top.isdigit():
        # An address: no registry has a top-level domain of digits, and neighbours are strangers.
        return None
    listed = _list(top, only_icann=only_icann)
    found: str | None = listed.privatesuffix(host)
    return found


@lru_cache(maxsize=4096)
def owned_domain(name: str) -> str:
    """The largest part of a host name that surely has one owner: what trust may be given to.

    As `registrable_domain`, but below a name under which others hand out names of their own
    (``eu.org``, ``uk.com``, ``github.io``) each of those is an owner. Such a name itself, and a
    name outside the list, is its own owner.
    """
    return _below_suffix(name, only_icann=False) or name.lower().rstrip(".")


@lru_cache(maxsize=4096)
def registrable_domain(name: str) -> str | None:
    """The part of a host name that somebody registered, or None for a public suffix itself.

    ``mail.bodega.co.uk`` gives ``bodega.co.uk``; ``co.uk`` gives None. Only the ICANN section of
    the list counts: it says who owns a name in the registry's sense.
    """
    return _below_suffix(name, only_icann=True)


def same_organisation(one: str, other: str) -> bool:
    """Whether two host names lie under one registrable domain."""
    registrable = registrable_domain(one)
    return registrable is not None and registrable == registrable_domain(other)
