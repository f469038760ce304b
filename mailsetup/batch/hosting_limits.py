"""Limits on the use of each hosting, so that it neither locks accounts nor bans an office.

A hosting is everything under one registrable domain: its incoming and outgoing servers count
together, because a ban is for both. Three things are limited:

* accounts tested concurrently, each of which has a few connections open;
* the pace after a server asked for a slower one or stopped answering: all accounts there wait,
  twice as long each time;
* refused logins. Common guards ban an address after five within ten minutes (Fail2ban's default),
  and a wrong column would cause two hundred. So after `MAX_REFUSALS` the other accounts there are
  not tested in this run.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from mailsetup.net.clock import Clock

PER_HOSTING = 2
"""Accounts tested concurrently at one hosting."""
IN_ALL = 16
"""Accounts tested concurrently at all hostings."""
MAX_REFUSALS = 4
"""Refused logins within `WINDOW` after which no other account logs in there."""
WINDOW = 600.0
"""Seconds."""
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 120.0


@dataclass
class _Hosting:
    permits: int
    turns: asyncio.Semaphore
    refusals: deque[float] = field(default_factory=deque)
    """When, in seconds since the epoch."""
    permits_to_drop: int = 0
    """Running turns whose end does not release a permit."""
    pause: float = 0.0
    not_before: float = 0.0
    """By the monotonic clock."""
    closed: bool = False


class HostingLimits:
    """The limits of one run. Belongs to one event loop."""

    def __init__(
        self,
        clock: Clock,
        *,
        per_hosting: int = PER_HOSTING,
        in_all: int = IN_ALL,
        refusals: Iterable[tuple[str, float]] = (),
    ) -> None:
        """``refusals`` are those of earlier runs: hosting and seconds since the epoch."""
        self._clock = clock
        # Even if all concurrent logins are refused, there are no more than that.
        self._per_hosting = min(per_hosting, MAX_REFUSALS)
        self._all = asyncio.Semaphore(in_all)
        self._hostings: dict[str, _Hosting] = {}
        for hosting, at in refusals:
            self._hosting(hosting).refusals.append(at)
        for known in self._hostings.values():
            known.permits = max(1, min(known.permits, MAX_REFUSALS - len(known.refusals)))
            known.turns = asyncio.Semaphore(known.permits)

    def _hosting(self, name: str) -> _Hosting:
        if name not in self._hostings:
            self._hostings[name] = _Hosting(self._per_hosting, asyncio.Semaphore(self._per_hosting))
        return self._hostings[name]

    @asynccontextmanager
    async def turn(self, hostings: Iterable[str]) -> AsyncIterator[None]:
        """Wait until one more account may be tested at these hostings."""
        # In one order for all tasks, so that none waits for one that waits for it.
        wanted = [self._hosting(name) for name in sorted(set(hostings))]
        held: list[_Hosting] = []
        try:
            for hosting in wanted:
                await hosting.turns.acquire()
                held.append(hosting)
            for hosting in wanted:
                while (left := hosting.not_before - self._clock.monotonic()) > 0:
                    await self._clock.sleep(left)
            async with self._all:
                yield
        finally:
            for hosting in held:
                if hosting.permits_to_drop:
                    hosting.permits_to_drop -= 1
                else:
                    hosting.turns.release()

    def slow_down(self, hostings: Iterable[str]) -> float:
        """A server there asked for a slower pace, or stopped answering. Returns the pause until the
        next test, in seconds."""
        longest = 0.0
        for name in set(hostings):
            hosting = self._hosting(name)
            hosting.pause = min(max(2 * hosting.pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            hosting.not_before = self._clock.monotonic() + hosting.pause
            longest = max(longest, hosting.pause)
        return longest

    def close(self, hostings: Iterable[str]) -> None:
        """Test no other account there in this run."""
        for name in set(hostings):
            self._hosting(name).closed = True

    def went_well(self, hostings: Iterable[str]) -> None:
        """An account there was tested without complaint about the pace."""
        for name in set(hostings):
            self._hosting(name).pause = 0.0

    def refused(self, hostings: Iterable[str]) -> None:
        """A login there was refused; call it before the turn ends. From now on no more accounts are
        tested concurrently than may still be refused."""
        for name in set(hostings):
            hosting = self._hosting(name)
            hosting.refusals.append(self._clock.now().timestamp())
            if hosting.permits > max(1, MAX_REFUSALS - len(hosting.refusals)):
                hosting.permits -= 1
                hosting.permits_to_drop += 1

    def spared(self, hostings: Iterable[str]) -> str:
        """The hosting at which no login may be tried now, because too many were refused or it is
        closed; "" for none.
        """
        since = self._clock.now().timestamp() - WINDOW
        for name in sorted(set(hostings)):
            refusals = self._hosting(name).refusals
            while refusals and refusals[0] < since:
                refusals.popleft()
            if self._hosting(name).closed or len(refusals) >= MAX_REFUSALS:
                return name
        return ""
