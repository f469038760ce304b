"""The race between the sources of settings, and when an answer may be taken.

All sources start together, after those that need no network. An answer is ranked by three things,
in this order: whether it is complete (mail can be received and sent), whether the person must be
asked first, and the source's place in the table. Nothing waits for a source that can no longer
change the outcome, and one that swallows packets holds up an answer by no more than `GRACE`.

Where many domains are searched for, the sources take two turns: what a domain publishes about
itself first, and guesses only where that was not enough.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, assert_never

from mailsetup.discovery.domain_facts import domain_facts
from mailsetup.discovery.events import Improved, Progress, SourceEnded, SourceStarted
from mailsetup.discovery.prefetch import first_questions
from mailsetup.discovery.provider_settings import with_provider_hints
from mailsetup.discovery.ranking import RankedAnswer, completed, only_protected
from mailsetup.discovery.source import DiscoverySource
from mailsetup.discovery.sources.autoconfig import Autoconfig, PlainAutoconfig
from mailsetup.discovery.sources.autodiscover import Autodiscover
from mailsetup.discovery.sources.builtin import Builtin
from mailsetup.discovery.sources.isp_files import IspFiles
from mailsetup.discovery.sources.ispdb import Ispdb
from mailsetup.discovery.sources.mx import Mx
from mailsetup.discovery.sources.pacc import Pacc
from mailsetup.discovery.sources.probe import Probe
from mailsetup.discovery.sources.srv import Srv
from mailsetup.discovery.sources.well_known import WellKnown
from mailsetup.discovery.trust import domains_to_confirm, with_trusted_services
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.domain_facts import DomainFacts
from mailsetup.model.source import Method
from mailsetup.model.source_result import (
    Found,
    NeedsInput,
    NotFound,
    SourceAttempt,
    SourceCrashed,
    SourceResult,
    SourceStatus,
    Unreachable,
)
from mailsetup.net.http import HttpFault
from mailsetup.net.network import Network


def all_sources(
    agreed: Collection[str] = (), *, plain_http: bool = False
) -> tuple[DiscoverySource, ...]:
    """The sources in the order in which their answers are preferred.

    ``agreed`` are domains that a source may be sent on to. ``plain_http`` adds the one that anybody
    on the way can forge.
    """
    return (
        # What somebody decided for this very computer, before what is true for everybody.
        IspFiles(),
        Builtin(),
        Pacc(),
        Autoconfig(),
        WellKnown(),
        # The domain's own word before a third party's; targets outside the domain have to be
        # confirmed and so come behind the public list by themselves.
        Srv(),
        Ispdb(),
        Mx(),
        Autodiscover(agreed),
        Probe(),
        *((PlainAutoconfig(),) if plain_http else ()),
    )


BUDGET = 20.0
"""Seconds for everything together."""
GRACE = 0.4
"""Seconds that a complete answer waits for preferred sources."""
PATIENCE = 3.0
"""Seconds that half an answer (no outgoing or no incoming server) waits for the other half."""

_LOCAL = frozenset({Method.FILE, Method.BUILTIN})
_LOCAL_TIMEOUT = 0.1
HEAD_START = 0.004
"""Seconds for those whose answers are taken first; computing is all that they compete for."""
FIRST_TURN = 0.4
"""Seconds for the same ones alone in a search that takes turns: as long as they may hold up an
answer anyway."""
_FIRST_SHARE = 0.25
"""Of the budget, at most, for the first turn: the others need time as well."""
_TURNS_TO_ASK = 3
"""Turns of the event loop until a question is on the wire."""
_FIRST_TO_ASK = frozenset({Method.PACC, Method.AUTOCONFIG, Method.WELL_KNOWN, Method.SRV})


_REFUSED_FOR_SAFETY = {
    "no-protected-server": "unencrypted",
    str(HttpFault.REDIRECT_INSECURE): "plain-http",
}
"""Why a source's answer was not taken, and the warning where nothing else was found."""


def _ignore(_: Progress) -> None:
    """Nobody listens."""


async def find(
    address: EmailAddress,
    net: Network,
    *,
    sources: Sequence[DiscoverySource] | None = None,
    agreed: Collection[str] = (),
    budget: float = BUDGET,
    offline: bool = False,
    plain_http: bool = False,
    in_turns: bool = False,
    emit: Callable[[Progress], None] = _ignore,
) -> Discovery:
    """Look for the settings of an address, within ``budget`` seconds.

    ``agreed`` are domains that need no confirmation. ``offline`` asks only what needs no network.
    ``in_turns`` asks the less preferred sources only once the others did not give what is needed,
    or `FIRST_TURN` seconds (a quarter of a short budget) are over: a little later for those who
    publish nothing, and a fraction of the questions and connections for all others.
    Cancelling ends every source and closes what it opened.
    """
    if sources is None:
        sources = all_sources(agreed, plain_http=plain_http)
    if offline:
        sources = [source for source in sources if source.method in _LOCAL]
    race = _Race(address, net, sources, agreed, emit, in_turns=in_turns)
    try:
        return await race.run(budget, online=not offline)
    finally:
        # Before the settings are used, nothing of the search runs any more.
        await race.stop()


class _Race:
    def __init__(
        self,
        address: EmailAddress,
        net: Network,
        sources: Sequence[DiscoverySource],
        agreed: Collection[str],
        emit: Callable[[Progress], None],
        *,
        in_turns: bool,
    ) -> None:
        self._address = address
        self._net = net
        self._agreed = agreed
        self._emit = emit
        self._in_turns = in_turns
        self._sources = tuple(sources)
        self._started = net.clock.monotonic()
        self._tasks: dict[int, asyncio.Task[SourceResult]] = {}
        self._burst: list[asyncio.Future[object]] = []
        self._facts: asyncio.Task[DomainFacts] | None = None
        self._tried: dict[int, SourceAttempt] = {}
        self._answers: dict[int, RankedAnswer] = {}
        self._questions: list[NeedsInput] = []
        self._warnings: list[str] = []
        self._best: RankedAnswer | None = None

    async def run(self, budget: float, *, online: bool) -> Discovery:
        loop = asyncio.get_running_loop()
        end = deadline = loop.time() + budget
        complete_since: float | None = None
        local = [source.method in _LOCAL for source in self._sources]
        # What we know by heart takes no time, and where it is enough nobody needs to be asked.
        self._start(place for place, is_local in enumerate(local) if is_local)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=_LOCAL_TIMEOUT)
        self._collect()
        if online and not self._is_settled():
            later = [place for place, is_local in enumerate(local) if not is_local]
            first = [place for place in later if self._sources[place].method in _FIRST_TO_ASK]
            asked = [self._sources[place] for place in first]
            self._burst = [
                asyncio.ensure_future(question)
                for question in first_questions(asked, self._address, self._net)
            ]
            for _ in range(_TURNS_TO_ASK):
                await asyncio.sleep(0)
            self._start(first)
            if self._in_turns:
                await self._first_turn(min(FIRST_TURN, budget * _FIRST_SHARE))
            else:
                # Their questions are on the way before the many others are even written.
                await asyncio.sleep(HEAD_START)
            if not (self._in_turns and self._is_settled()):
                self._facts = asyncio.create_task(domain_facts(self._address.domain, self._net))
                self._start(place for place in later if place not in self._tasks)
        while True:
            self._collect()
            if self._best is not None:
                if not self._best.found.settings.is_complete:
                    deadline = min(deadline, loop.time() + PATIENCE)
                elif complete_since is None:
                    complete_since = loop.time()
                    deadline = min(end, complete_since + GRACE)
            pending = [
                task for place, task in self._tasks.items() if self._may_improve(place, task)
            ]
            left = deadline - loop.time()
            if not pending or left <= 0:
                break
            await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        out_of_time = self._best is None and any(not task.done() for task in self._tasks.values())
        facts = await self._known_facts(end - loop.time())
        await self.stop()
        self._give_up_open(SourceStatus.UNREACHABLE if out_of_time else SourceStatus.CANCELLED)
        return self._discovery(out_of_time, facts)

    async def _first_turn(self, patience: float) -> None:
        """Wait for those that were started, until they gave what is needed or are at their end; at
        most ``patience`` seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        while not self._is_settled() and (left := end - loop.time()) > 0:
            pending = [task for task in self._tasks.values() if not task.done()]
            if not pending:
                return
            await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            self._collect()

    def _is_settled(self) -> bool:
        """Whether there is all that is needed, and nobody has to be asked."""
        return self._best is not None and self._best.rank[:2] == (False, False)

    async def stop(self) -> None:
        """End everything that was started; afterwards none of it runs."""
        facts = [self._facts] if self._facts else []
        tasks: list[asyncio.Future[Any]] = [*self._tasks.values(), *self._burst, *facts]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, places: Iterable[int]) -> None:
        for place in places:
            source = self._sources[place]
            self._emit(SourceStarted(source.method, source.location(self._address)))
            self._tasks[place] = asyncio.create_task(self._ask(source))

    async def _ask(self, source: DiscoverySource) -> SourceResult:
        try:
            return await source.discover(self._address, self._net)
        except Exception as error:  # noqa: BLE001 - the one border where a source's defect ends
            # The type only: the text may hold whatever the source was working on.
            return SourceCrashed(type(error).__name__)

    def _collect(self) -> None:
        """Take in what ended since the last look, and choose anew."""
        for place, task in self._tasks.items():
            if task.done() and place not in self._tried:
                self._take(place, task.result())
        best = min(self._combined(), key=lambda answer: answer.rank, default=None)
        if best is not None and (self._best is None or best.found != self._best.found):
            self._best = best
            self._emit(Improved(best.found.settings, best.found.source))

    def _take(self, place: int, outcome: SourceResult) -> None:
        status, location, reason = _status(outcome)
        if isinstance(outcome, NeedsInput):
            self._questions.append(outcome)
        if isinstance(outcome, Found | NotFound | Unreachable):
            self._warnings += outcome.warnings
        if isinstance(outcome, Found):
            found = with_provider_hints(only_protected(outcome), self._address)
            found = with_trusted_services(found, self._address, self._agreed)
            if found.settings.servers:
                confirm = domains_to_confirm(found, self._address, self._agreed)
                self._answers[place] = RankedAnswer(found, confirm, place)
            else:
                status, reason = SourceStatus.ABSENT, "no-protected-server"
        self._end(place, status, location, reason)

    def _combined(self) -> list[RankedAnswer]:
        """All answers, half ones completed from others of equal trust."""
        answers = sorted(self._answers.values(), key=lambda answer: answer.rank)
        return [completed(answer, answers) for answer in answers]

    def _may_improve(self, place: int, task: "asyncio.Task[SourceResult]") -> bool:
        if task.done():
            return False
        # At its best, an open source gives a complete answer that needs no confirmation.
        return self._best is None or (False, False, place) < self._best.rank

    def _give_up_open(self, status: SourceStatus) -> None:
        for place, source in enumerate(self._sources):
            if place not in self._tried:
                reason = "timeout" if status is SourceStatus.UNREACHABLE else ""
                self._end(place, status, source.location(self._address), reason)

    def _end(self, place: int, status: SourceStatus, location: str, reason: str) -> None:
        source = self._sources[place]
        tried = SourceAttempt(
            source.method,
            status,
            self._elapsed_ms(),
            location or source.location(self._address),
            reason,
        )
        self._tried[place] = tried
        self._emit(SourceEnded(tried))

    def _open_question(self) -> NeedsInput | None:
        """What the person could do where nothing was found; agreeing to a name comes first."""
        return min(self._questions, key=lambda one: not one.confirm, default=None)

    def _elapsed_ms(self) -> float:
        return round(1000 * (self._net.clock.monotonic() - self._started), 1)

    async def _known_facts(self, left: float) -> DomainFacts | None:
        """What is known of the domain; waited for only where nothing was found."""
        if self._facts is None:
            return None
        if self._best is None:
            await asyncio.wait([self._facts], timeout=max(left, 0))
        return self._facts.result() if self._facts.done() else DomainFacts(self._address.domain)

    def _discovery(self, out_of_time: bool, facts: DomainFacts | None) -> Discovery:
        tried = tuple(self._tried[place] for place in sorted(self._tried))
        best = self._best
        question = self._open_question() if best is None else None
        warnings = list(self._warnings)
        if best is not None and not best.found.settings.is_complete:
            warnings.append("incomplete")
        if any(one.status is SourceStatus.CRASHED for one in tried):
            warnings.append("source-crashed")
        if out_of_time:
            warnings.append("out-of-time")
        if best is None:
            reasons = {one.reason for one in tried}
            warnings += [word for reason, word in _REFUSED_FOR_SAFETY.items() if reason in reasons]
        verdict = DiscoveryStatus.NOT_FOUND
        confirm: tuple[str, ...] = ()
        if best is not None:
            confirm = best.confirm
            verdict = DiscoveryStatus.NEEDS_CONFIRMATION if confirm else DiscoveryStatus.FOUND
        elif question is not None and question.confirm:
            confirm = question.confirm
            verdict = DiscoveryStatus.NEEDS_CONFIRMATION
        elif question is not None:
            warnings.append(question.question)
        source = best.found.source if best else question.source if question else None
        return Discovery(
            outcome=verdict,
            settings=best.found.settings if best else None,
            source=source,
            confirm=confirm,
            tried=tried,
            warnings=tuple(warnings),
            hints=question.hints if question else (),
            elapsed_ms=self._elapsed_ms(),
            domain_facts=facts,
        )


def _status(outcome: SourceResult) -> tuple[SourceStatus, str, str]:
    match outcome:
        case Found():
            return SourceStatus.FOUND, outcome.source.location, ""
        case NeedsInput():
            return SourceStatus.NEEDS_INPUT, outcome.source.location, outcome.question
        case NotFound():
            return SourceStatus.ABSENT, outcome.location, outcome.reason
        case Unreachable():
            return SourceStatus.UNREACHABLE, outcome.location, outcome.reason
        case SourceCrashed():
            return SourceStatus.CRASHED, "", outcome.error
        case _:
            assert_never(outcome)
