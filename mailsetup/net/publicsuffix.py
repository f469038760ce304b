"""Registrable domains, from the bundled public suffix list (never fetched)."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


@cache
def _list() -> "PublicSuffixList":
    # 38 ms to load: only when a domain really has to be judged.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=True)


@cache
def _list_with_private() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


@lru_cache(maxsize=4096)
def owned_domain(name: str) -> str:
    """The largest part of a host name that surely has one owner: what trust may be given to.

    As `registrable_domain`, but below a name under which others hand out names of their own
    (``eu.org``, ``uk.com``, ``github.io``) each of those is an owner. Such a name itself, and a
    name outside the list, is its own owner.
    """
    host = name.lower().rstrip(".")
    found: str | None = _list_with_private().privatesuffix(host)
    return found or host


@lru_cache(maxsize=4096)
def registrable_domain(name: str) -> str | None:
    """The part of a host name that somebody registered, or None for a public suffix itself.

    ``mail.bodega.co.uk`` gives ``bodega.co.uk``; ``co.uk`` gives None. Only the ICANN section of
    the list counts: it says who owns a name in the registry's sense.
    """
    found: str | None = _list().privatesuffix(name.lower().rstrip("."))
    return found


def same_organisation(one: str, other: str) -> bool:
    """Whether two host names lie under one registrable domain."""
    registrable = registrable_domain(one)
    return registrable is not None and registrable == registrable_domain(other)
