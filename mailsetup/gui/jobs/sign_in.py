"""Signing in in the browser, as the window lets the engine do it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mailsetup.assistant.events import Event
from mailsetup.gui.bridge import Bridge, JobEnd
from mailsetup.gui.jobs.search_and_check import Jobs, Take
from mailsetup.gui.session import Session
from mailsetup.i18n import _
from mailsetup.model.text import plain

if TYPE_CHECKING:
    from mailsetup.assistant.signin.flow import SignIn


class SignInJobs:
    """Beside `Jobs`, whose engine it uses: results go into the session."""

    def __init__(self, jobs: Jobs, bridge: Bridge, session: Session) -> None:
        self._jobs = jobs
        self._bridge = bridge
        self._session = session

    def ask_way(self, done: Callable[[], None]) -> None:
        """Where one signs in for the session's account; asked once for each account."""
        session = self._session
        account = session.account
        if account is None or session.way_known:
            return
        discovery, in_demo = session.discovery, bool(session.demo)
        settings = discovery.settings if discovery is not None else None
        agreed = (*session.agreed_before, *session.agreed_to)
        if session.typed:
            # Whoever enters the servers by hand has agreed to them; the page asks about those
            # that are not theirs.
            agreed += account.hosts

        async def ask(_emit: Callable[[Event], None]) -> object:
            from mailsetup.assistant.signin.flow import SignInWay

            problem = self._jobs.apply_expert()
            if problem is not None:
                return problem, None
            engine = self._jobs.engine()
            way = await engine.sign_ins.find_way(account, settings, agreed=agreed)
            if not isinstance(way, SignInWay) or in_demo:
                return way, None
            return way, await engine.sign_ins.load(way)

        def asked(end: JobEnd) -> None:
            if session.account is account:
                self._take_way(end)
                done()

        self._bridge.start(ask, asked)

    def _take_way(self, end: JobEnd) -> None:
        from mailsetup.assistant.signin.flow import SignIn, SignInWay
        from mailsetup.assistant.technician_options import TechnicianOptionFailure
        from mailsetup.assistant.texts.signin import clients_problem_sentence, sign_in_sentence
        from mailsetup.model.sign_in import ClientsFailure, SignInFailure

        session = self._session
        session.way_known, session.way, session.way_problem = True, None, ""
        found, kept = end.value if isinstance(end.value, tuple) else (None, None)
        match found:
            case SignInWay():
                session.way = found
            case SignInFailure():
                session.way_problem = sign_in_sentence(found)
            case ClientsFailure():
                session.way_problem = clients_problem_sentence(found)
            case TechnicianOptionFailure():
                session.way_problem = found.sentence
            case _:
                session.way_problem = _mistake(end)
        if isinstance(kept, SignIn) and session.sign_in is None:
            self._take_sign_in(kept)

    def sign_in(self, take: Take, done: Callable[[], None], *, by_code: bool) -> None:
        """Let the person sign in in the browser, or by a code."""
        session = self._session
        way, again = session.way, session.sign_in is not None
        if way is None:
            return
        session.sign_in_problem, session.sign_in_link = "", ""

        async def sign_in(emit: Callable[[Event], None]) -> object:
            from mailsetup.assistant.signin.flow import SignInMeans

            means = SignInMeans.DEVICE if by_code else SignInMeans.BROWSER
            # The page opens the browser, in the window's thread, when it hears of the address.
            return await self._jobs.engine().sign_ins.sign_in(
                way, lambda _url: None, emit, means=means, choose_account=again
            )

        def ended(end: JobEnd) -> None:
            from mailsetup.assistant.signin.flow import SignIn
            from mailsetup.assistant.texts.signin import sign_in_link, sign_in_sentence
            from mailsetup.model.sign_in import SignInFailure

            match end.value:
                case SignIn():
                    self._take_sign_in(end.value)
                case SignInFailure():
                    session.sign_in_problem = sign_in_sentence(end.value)
                    session.sign_in_link = sign_in_link(end.value, way)
                case _:
                    session.sign_in_problem = _mistake(end)
            done()

        self._jobs.start(sign_in, ended, take)

    def _take_sign_in(self, made: "SignIn") -> None:
        session = self._session
        for secret in made.secrets:
            session.journal.hide(made.way.account.incoming.username, secret)
        session.forget_result()
        session.sign_in, session.by_sign_in = made, True

    def end(self) -> None:
        """The account is done: what is not kept is given back to its provider."""
        if self._session.sign_in is None:
            return

        async def end_them(_emit: Callable[[Event], None]) -> object:
            await self._jobs.engine().sign_ins.end()
            return None

        self._bridge.start(end_them, lambda _end: None)


def _mistake(end: JobEnd) -> str:
    kind = plain(end.defect, 60)
    return _("This program made a mistake ({kind}).").format(kind=kind)
