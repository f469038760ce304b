"""The limit of what a run remembers of the DNS."""

import asyncio
from typing import Any, TypeVar

_K = TypeVar("_K")
_F = TypeVar("_F", bound="asyncio.Future[Any]")

MAX_REMEMBERED = 2000
"""Responses that a run stores: a search sends some sixty queries, and several run concurrently."""


def drop_oldest(queries: dict[_K, _F]) -> None:
    """Limit the stored responses, oldest first, up to the first query that is pending."""
    while len(queries) > MAX_REMEMBERED:
        oldest = next(iter(queries))
        if not queries[oldest].done():
            return
        del queries[oldest]
