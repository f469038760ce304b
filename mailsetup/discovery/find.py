"""The search for settings: all sources concurrently, and which answer is chosen when.

The sources start together, after those that need no network. Answers are ranked by three criteria,
in this order: whether they are complete (mail can be received and sent), whether they need a
confirmation by the user, and the source's index in `all_sources`. The search does not wait for a
source that cannot change the result, and an unresponsive one delays it by `GRACE` at most.

In a batch the sources run in two stages: what a domain publishes about itself first, and guesses
only where that was not enough.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, assert_never

from mailsetup.discovery.domain_facts import domain_facts
from mailsetup.discovery.prefetch import prefetch_queries
from mailsetup.discovery.provider_settings import with_provider_hints
from mailsetup.discovery.ranking import RankedAnswer, completed, only_protected
from mailsetup.discovery.source import DiscoverySource
from mailsetup.discovery.sources.autoconfig import Autoconfig, PlainAutoconfig, WellKnown
from mailsetup.discovery.sources.autodiscover import Autodiscover
from mailsetup.discovery.sources.builtin import Builtin
from mailsetup.discovery.sources.isp_files import IspFiles
from mailsetup.discovery.sources.ispdb import Ispdb
from mailsetup.discovery.sources.mx import Mx
from mailsetup.discovery.sources.pacc import Pacc
from mailsetup.discovery.sources.probe import Probe
from mailsetup.discovery.sources.srv import Srv
from mailsetup.discovery.trust import domains_to_confirm, with_trusted_services
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.domain_facts import DomainFacts
from mailsetup.model.search_events import SearchEvent, SettingsFound, SourceAnswered, SourceAsked
from mailsetup.model.search_options import SearchOptions
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
    """The sources in order of preference.

    ``agreed`` are domains that redirects of a source may lead to. ``plain_http`` adds the source
    whose answers can be forged in transit.
    """
    return (
        # A decision for this computer comes before what is published for all.
        IspFiles(),
        Builtin(),
        Pacc(),
        Autoconfig(),
        WellKnown(),
        # The domain's records before a third party's data. Targets outside the domain need a
        # confirmation and are therefore ranked below the public list.
        Srv(),
        Ispdb(),
        Mx(),
        Autodiscover(agreed),
        Probe(),
        *((PlainAutoconfig(),) if plain_http else ()),
    )


GRACE = 0.4
"""Seconds to wait for preferred sources after a complete answer."""
PATIENCE = 3.0
"""Seconds to wait for the other direction after settings for receiving or sending only."""

_LOCAL: Final = frozenset({Method.FILE, Method.BUILTIN})
_LOCAL_TIMEOUT = 0.1
HEAD_START = 0.004
"""Seconds by which the first sources start earlier, so that their queries are sent first."""
FIRST_STAGE_TIMEOUT = 0.4
"""Seconds for the first sources alone in a search in two stages: as long as `GRACE`."""
_FIRST_SHARE = 0.25
"""Maximum share of the budget for the first stage: the other sources need time as well."""
_ITERATIONS_TO_SEND = 3
"""Iterations of the event loop until a query is sent."""
_FIRST_STAGE: Final = frozenset({Method.PACC, Method.AUTOCONFIG, Method.WELL_KNOWN, Method.SRV})


_REFUSED_FOR_SAFETY: Final[Mapping[str, str]] = {
    "no-protected-server": "unencrypted",
    str(HttpFault.REDIRECT_INSECURE): "plain-http",
}
"""The reason why a source's answer was not used → the warning where nothing else was found."""


_DEFAULT: Final = SearchOptions()


def _ignore(_: SearchEvent) -> None:
    """Discard the event."""


async def find(
    address: EmailAddress,
    net: Network,
    options: SearchOptions = _DEFAULT,
    *,
    sources: Sequence[DiscoverySource] | None = None,
    in_stages: bool = False,
    emit: Callable[[SearchEvent], None] = _ignore,
) -> Discovery:
    """Search the settings of an address.

    ``in_stages`` starts the less preferred sources only if the others did not find complete
    settings, or after `FIRST_STAGE_TIMEOUT` seconds (a quarter of a short budget). That is slower
    for domains that publish nothing, and needs far fewer queries and connections for all others.
    Cancellation ends every source and closes what it opened.
    """
    if sources is None:
        sources = all_sources(options.agreed, plain_http=options.plain_http)
    if options.offline:
        sources = [source for source in sources if source.method in _LOCAL]
    search = _Search(address, net, sources, options.agreed, emit, in_stages=in_stages)
    try:
        return await search.run(options.budget, online=not options.offline)
    finally:
        # No task of the search may outlive it.
        await search.stop()


class _Search:
    def __init__(
        self,
        address: EmailAddress,
        net: Network,
        sources: Sequence[DiscoverySource],
        agreed: Collection[str],
        emit: Callable[[SearchEvent], None],
        *,
        in_stages: bool,
    ) -> None:
        self._address = address
        self._net = net
        self._agreed = agreed
        self._emit = emit
        self._in_stages = in_stages
        self._sources = tuple(sources)
        self._started = net.clock.monotonic()
        self._tasks: dict[int, asyncio.Task[SourceResult]] = {}
        self._prefetched: list[asyncio.Future[object]] = []
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
        # Built-in data takes no time; where it is sufficient, no server is contacted.
        self._start(place for place, is_local in enumerate(local) if is_local)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=_LOCAL_TIMEOUT)
        self._collect()
        if online and not self._is_settled():
            later = [place for place, is_local in enumerate(local) if not is_local]
            first = [place for place in later if self._sources[place].method in _FIRST_STAGE]
            asked = [self._sources[place] for place in first]
            self._prefetched = [
                asyncio.ensure_future(query)
                for query in prefetch_queries(asked, self._address, self._net)
            ]
            for _ in range(_ITERATIONS_TO_SEND):
                await asyncio.sleep(0)
            self._start(first)
            if self._in_stages:
                await self._first_stage(min(FIRST_STAGE_TIMEOUT, budget * _FIRST_SHARE))
            else:
                # Their queries are sent before the many others are composed.
                await asyncio.sleep(HEAD_START)
            if not (self._in_stages and self._is_settled()):
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
        self._end_pending(SourceStatus.UNREACHABLE if out_of_time else SourceStatus.CANCELLED)
        return self._result(out_of_time, facts)

    async def _first_stage(self, patience: float) -> None:
        """Wait until the started sources found complete settings or ended, at most ``patience``
        seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        while not self._is_settled() and (left := end - loop.time()) > 0:
            pending = [task for task in self._tasks.values() if not task.done()]
            if not pending:
                return
            await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            self._collect()

    def _is_settled(self) -> bool:
        """Whether there are complete settings that need no confirmation."""
        return self._best is not None and self._best.rank[:2] == (False, False)

    async def stop(self) -> None:
        """Cancel all tasks and wait for their end."""
        facts = [self._facts] if self._facts else []
        tasks: list[asyncio.Future[Any]] = [*self._tasks.values(), *self._prefetched, *facts]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, places: Iterable[int]) -> None:
        for place in places:
            source = self._sources[place]
            self._emit(SourceAsked(source.method, source.location(self._address)))
            self._tasks[place] = asyncio.create_task(self._ask(source))

    async def _ask(self, source: DiscoverySource) -> SourceResult:
        try:
            return await source.discover(self._address, self._net)
        except Exception as error:  # noqa: BLE001 - a defect of one source must not end the search
            # The type only: the message may contain private data.
            return SourceCrashed(type(error).__name__)

    def _collect(self) -> None:
        """Process the sources that ended since the last call, and choose the best answer again."""
        for place, task in self._tasks.items():
            if task.done() and place not in self._tried:
                self._process(place, task.result())
        answers = sorted(self._answers.values(), key=lambda answer: answer.rank)
        # Incomplete ones are completed from others of equal trust.
        combined = (completed(answer, answers) for answer in answers)
        best = min(combined, key=lambda answer: answer.rank, default=None)
        if best is not None and (self._best is None or best.found != self._best.found):
            self._best = best
            self._emit(SettingsFound(best.found.settings, best.found.source))

    def _process(self, place: int, outcome: SourceResult) -> None:
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

    def _may_improve(self, place: int, task: "asyncio.Task[SourceResult]") -> bool:
        if task.done():
            return False
        # A pending source may still give a complete answer that needs no confirmation.
        return self._best is None or (False, False, place) < self._best.rank

    def _end_pending(self, status: SourceStatus) -> None:
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
        self._emit(SourceAnswered(tried))

    def _elapsed_ms(self) -> float:
        return round(1000 * (self._net.clock.monotonic() - self._started), 1)

    async def _known_facts(self, left: float) -> DomainFacts | None:
        """The domain's facts; awaited only where nothing was found."""
        if self._facts is None:
            return None
        if self._best is None:
            await asyncio.wait([self._facts], timeout=max(left, 0))
        return self._facts.result() if self._facts.done() else DomainFacts(self._address.domain)

    def _result(self, out_of_time: bool, facts: DomainFacts | None) -> Discovery:
        tried = tuple(self._tried[place] for place in sorted(self._tried))
        best = self._best
        # The user action to propose where nothing was found; a confirmation comes first.
        questions = self._questions if best is None else []
        question = min(questions, key=lambda one: not one.confirm, default=None)
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
        status = DiscoveryStatus.NOT_FOUND
        confirm: tuple[str, ...] = ()
        if best is not None:
            confirm = best.confirm
            status = DiscoveryStatus.NEEDS_CONFIRMATION if confirm else DiscoveryStatus.FOUND
        elif question is not None and question.confirm:
            confirm = question.confirm
            status = DiscoveryStatus.NEEDS_CONFIRMATION
        elif question is not None:
            warnings.append(question.question)
        source = best.found.source if best else question.source if question else None
        return Discovery(
            outcome=status,
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
