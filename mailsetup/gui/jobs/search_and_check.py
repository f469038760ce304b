"""What the engine is asked to do for one window: look, test, ask the keyring, open the demo."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailsetup.assistant.events import Event
from mailsetup.assistant.flow import Move
from mailsetup.gui.bridge import Bridge, JobEnd, Make
from mailsetup.gui.full_name import own_name
from mailsetup.gui.gc_pause import unhindered
from mailsetup.gui.session import Session
from mailsetup.i18n import _, load_all
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Protocol

if TYPE_CHECKING:
    from mailsetup.assistant.run_options import RunOptions
    from mailsetup.assistant.service import Assistant
    from mailsetup.assistant.technician_options import TechnicianOptionFailure
    from mailsetup.demo.mail_system import DemoMailSystem
    from mailsetup.model.settings import ServerSettings

MakeAssistant = Callable[[], "Assistant"]
Take = Callable[[Event], None]
Done = Callable[[Move], None]


class Jobs:
    """Knows the session and the bridge, never the window: results go into the session.

    One job at a time has the person's attention (looking or testing); the others run beside it.
    """

    def __init__(self, bridge: Bridge, session: Session, make_assistant: MakeAssistant) -> None:
        self._bridge = bridge
        self._session = session
        self._own = self._make_assistant = make_assistant
        self._assistant: Assistant | None = None
        self._base: RunOptions | None = None
        self._world: DemoMailSystem | None = None
        self._main: int | None = None
        self.is_warm = False
        """Whether all modules are loaded, so that making a page waits for none."""
        self._reaching: dict[Protocol, int] = {}
        self._await_keyring: list[Callable[[], None]] = []

    def end(self) -> None:
        """Cancel the job that has the person's attention."""
        if self._main is not None:
            self._bridge.cancel(self._main)
            self._main = None

    def start(self, make: Make, on_end: Callable[[JobEnd], None], take: Take) -> None:
        """Start the job that has the person's attention, in place of the last one."""
        self.end()
        journal = self._session.journal

        def ended(end: JobEnd) -> None:
            self._main = None
            if end.defect:
                journal.note(f"defect: {end.defect}")
            on_end(end)

        def told(event: Event) -> None:
            journal.record(event)
            take(event)

        self._main = self._bridge.start(make, ended, told)

    async def farewell(self) -> None:
        """The last work in the engine's thread."""
        if self._assistant is not None:
            await self._assistant.close()
        if self._world is not None:
            self._world.stop()

    # In the worker thread -------------------------------------------------------------------

    def engine(self) -> "Assistant":
        """The assistant; called in the worker thread, so that its imports block nobody."""
        if self._assistant is None:
            self._assistant = self._make_assistant()
            self._base = self._assistant.options
        return self._assistant

    def apply_expert(self) -> "TechnicianOptionFailure | None":
        """Let the engine run as the technician wants it, or say why it cannot."""
        from mailsetup.assistant.technician_options import (
            TechnicianOptionFailure,
            TechnicianOptions,
            run_options,
        )

        engine = self.engine()
        expert, base = self._session.expert or TechnicianOptions(), self._base or engine.options
        options = run_options(expert, base)
        if isinstance(options, TechnicianOptionFailure):
            return options
        engine.options = options
        return None

    # Looking --------------------------------------------------------------------------------

    def look(self, take: Take, done: Done) -> None:
        """Find the servers of the session's address."""
        session = self._session
        address, agreed, file = session.address, session.agreed_before, session.settings_file
        if address is None:
            return
        self.ask_keyring(lambda: None)

        async def look(emit: Callable[[Event], None]) -> object:
            from mailsetup.assistant.settings_file import read_settings_file

            if file is not None:
                return read_settings_file(file, address), ()
            problem = self.apply_expert()
            if problem is not None:
                return problem, ()
            engine = self.engine()
            found = await engine.discover(address, emit, agreed=agreed)
            known = found.settings is not None or bool(found.confirm)
            absence = () if known else (await engine.explain_absence(address, found)).findings
            return found, absence

        self.start(look, lambda end: done(self._looked(end)), take)

    def _looked(self, end: JobEnd) -> Move:
        from mailsetup.assistant.settings_file import SettingsFileFailure
        from mailsetup.assistant.technician_options import TechnicianOptionFailure

        session = self._session
        if not isinstance(end.value, tuple):
            session.defect = end.defect
            return Move.NOT_FOUND
        found, absence = end.value
        if isinstance(found, TechnicianOptionFailure | SettingsFileFailure):
            session.problem = found.sentence
            return Move.FAILED
        session.discovery, session.absence = found, absence
        there = found.settings is not None or found.confirm
        return Move.FOUND if there else Move.NOT_FOUND

    # Testing --------------------------------------------------------------------------------

    def test(self, take: Take, done: Done) -> None:
        """Try the session's account out for real."""
        session = self._session
        account = session.account
        if account is None:
            return
        signed_in = session.sign_in if session.by_sign_in else None
        secret = signed_in.token if signed_in is not None else Secret(session.password)
        session.journal.hide(account.incoming.username, secret)
        discovery = None if session.typed else session.discovery
        agreed = (*session.agreed_before, *session.agreed_to)
        unproven = session.to_agree_of(account.hosts) if session.typed else ()
        careful = session.was_refused
        keep = session.keep_password and not session.demo
        keep_sign_in = session.keep_sign_in and not session.demo
        symptom, previous = session.symptom, session.last_report
        other, other_secret = session.second, Secret(session.second_password)
        if other is not None:
            session.journal.hide(other.ascii, other_secret)
        session.second_problem = ""
        blocklists = other is not None and session.ask_blocklists

        async def test(emit: Callable[[Event], None]) -> object:
            from asyncio import to_thread

            from mailsetup.assistant.account_choice import alternatives_to
            from mailsetup.assistant.check.request import CheckRequest
            from mailsetup.assistant.confirmation import UnconfirmedError

            others: tuple[ServerSettings, ...] = ()
            if discovery is not None and discovery.settings is not None:
                others = alternatives_to(account, discovery.settings)
            problem = self.apply_expert()
            if problem is not None:
                return problem
            engine = self.engine()
            if not set(unproven) <= set(engine.options.agreed):
                raise UnconfirmedError(", ".join(unproven))
            second = await engine.find_second(other, other_secret) if other else None
            request = CheckRequest(
                account=account,
                secret=secret,
                sign_in=signed_in,
                second=second,
                symptom=symptom,
                previous=previous,
                alternatives=others,
                discovery=discovery,
                agreed=agreed,
                blocklists=blocklists,
                one_login_at_a_time=careful,
            )
            report = await engine.check(request, emit)
            if signed_in is not None:
                if keep_sign_in and report.is_healthy:
                    await engine.sign_ins.store(signed_in)
            elif keep and report.is_healthy:
                await to_thread(engine.vault.store, account.address, secret)
            return report, other is None or second is not None

        self.start(test, lambda end: done(self._tested(end)), take)

    def _tested(self, end: JobEnd) -> Move:
        from mailsetup.assistant.check.report import CheckReport

        session = self._session
        session.defect = end.defect
        report, took_part = end.value if isinstance(end.value, tuple) else (None, True)
        session.report = session.last_report = report if isinstance(report, CheckReport) else None
        if not took_part:
            session.second_problem = _(
                "The servers of {address} were not found, so that mailbox took no part."
            ).format(address=session.second)
        if session.report is not None:
            # A server that answered in place of one that did not is the one to set up.
            session.account = session.report.account
        return Move.ENDED

    def warm_up(self, done: Callable[[], None], know_name: Callable[[], str] = own_name) -> None:
        """Load what later pages need while the person reads the first one."""

        async def load(_emit: Callable[[Event], None]) -> object:
            with unhindered():
                import mailsetup.apply.targets
                import mailsetup.assistant.check.run
                import mailsetup.assistant.service
                import mailsetup.assistant.signin.sign_ins
                import mailsetup.assistant.texts.verdict
                import mailsetup.diagnosis.catalogue  # noqa: F401
                from mailsetup.assistant.third_party import third_party_lines
                from mailsetup.gui.pages.factory import load_views

                load_views()
                load_all()
                return tuple(third_party_lines())

        def loaded(end: JobEnd) -> None:
            if isinstance(end.value, tuple):
                self._session.parts = end.value
            self.is_warm = True
            done()

        async def ask_name(_emit: Callable[[Event], None]) -> object:
            import asyncio

            return await asyncio.to_thread(know_name)

        def known(end: JobEnd) -> None:
            if isinstance(end.value, str) and end.value:
                self._session.own_name = end.value

        # A directory may take its time, or fail: nothing else waits for it.
        self._bridge.start(load, loaded)
        self._bridge.start(ask_name, known)

    # Beside the main job --------------------------------------------------------------------

    def ask_keyring(self, done: Callable[[], None]) -> None:
        """Whether passwords can be kept here; asked once, whoever else wants to know meanwhile."""
        session = self._session
        if session.keyring_known:
            return
        self._await_keyring.append(done)
        if len(self._await_keyring) > 1:
            return

        async def ask(_emit: Callable[[Event], None]) -> object:
            from mailsetup.system.threads import in_thread

            return await in_thread(self.engine().vault.state)

        def asked(end: JobEnd) -> None:
            from mailsetup.vault import VaultState

            waiting, self._await_keyring = self._await_keyring, []
            if isinstance(end.value, VaultState):
                session.keyring = end.value.name if end.value.available else ""
                session.keyring_known = True
                for told in waiting:
                    told()

        self._bridge.start(ask, asked)

    def reach(self, server: "ServerSettings", done: Callable[[JobEnd], None]) -> None:
        """Whether a server that was typed answers; a later question about the kind replaces it."""
        address = self._session.address
        before = self._reaching.pop(server.protocol, None)
        if before is not None:
            self._bridge.cancel(before)
        if address is None:
            return

        async def reach(_emit: Callable[[Event], None]) -> object:
            problem = self.apply_expert()
            return problem or await self.engine().reach(server, address)

        self._reaching[server.protocol] = self._bridge.start(reach, done)

    def save_support(
        self, path: Path, rows: Sequence[tuple[str, str]], done: Callable[[str], None]
    ) -> None:
        """Write the report for support; ``done`` gets a sentence about what came of it."""
        session = self._session
        report, secrets = session.last_report, session.secrets
        discovery = None if session.typed else session.discovery

        async def save(_emit: Callable[[Event], None]) -> object:
            from mailsetup.reporting.support_bundle import save_support, support_text

            now = datetime.now().astimezone()
            content = support_text(
                session.journal, now, report=report, discovery=discovery, rows=rows, secrets=secrets
            )
            return save_support(path, content)

        def saved(end: JobEnd) -> None:
            said = end.value if isinstance(end.value, str) else ""
            done(said or _("This program made a mistake ({kind}).").format(kind=end.defect))

        self._bridge.start(save, saved)

    def open_demo(self, done: Callable[[str], None]) -> None:
        """Start the built-in mail world and work there; ``done`` gets what went wrong, or ""."""

        async def open_it(_emit: Callable[[Event], None]) -> object:
            import asyncio

            from mailsetup.demo.mail_system import DemoMailSystem, missing_parts

            missing = missing_parts()
            if missing:
                return missing
            world = DemoMailSystem()
            await asyncio.to_thread(world.start)
            return world

        def opened(end: JobEnd) -> None:
            from mailsetup.demo.assistant import demo_assistant
            from mailsetup.demo.mail_system import DemoMailSystem

            world = end.value
            if isinstance(world, DemoMailSystem):
                self._world = world
                self._move_to(lambda: demo_assistant(world))
                self._session.move_to(world.computer)
                self._session.demo = world.accounts
                self._session.demo_can_be_left = True
                done("")
            elif isinstance(world, list):
                done(
                    _("The demo needs further parts: {names}. Install “mailsetup[demo]”.").format(
                        names=", ".join(world)
                    )
                )
            else:
                done(_("This program made a mistake ({kind}).").format(kind=end.defect))

        self._bridge.start(open_it, opened)

    def leave_demo(self) -> None:
        """Back to the real world, forgetting the demo's."""
        world, self._world = self._world, None
        self._session.demo, self._session.demo_can_be_left = (), False
        self._session.move_to(None)
        self._move_to(self._own)
        if world is not None:

            async def stop(_emit: Callable[[Event], None]) -> object:
                import asyncio

                await asyncio.to_thread(world.stop)
                return None

            self._bridge.start(stop, lambda _end: None)

    def _move_to(self, make: MakeAssistant) -> None:
        """Another engine from now on; the last one lets go of what it left open."""
        old, self._assistant, self._make_assistant = self._assistant, None, make
        if old is not None:
            closing: Coroutine[Any, Any, None] = old.close()

            async def close(_emit: Callable[[Event], None]) -> object:
                await closing
                return None

            self._bridge.start(close, lambda _end: None)
