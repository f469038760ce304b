"""The check while it runs."""

from collections.abc import Mapping
from typing import Final

from mailsetup.assistant.events import (
    Activity,
    ActivityEnded,
    ActivityStarted,
    Event,
    FindingMade,
    LinkJudged,
)
from mailsetup.assistant.flow import Move
from mailsetup.assistant.texts.common import activity_sentence
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.widgets.basic import PlainLabel, announce
from mailsetup.gui.widgets.chain_view import ChainView
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.gui.widgets.step_list import ProgressStep, StepList
from mailsetup.i18n import _
from mailsetup.i18n.numbers import seconds
from mailsetup.model.finding import Link, Status

_LINK_OF: Final[Mapping[Activity, Link]] = {
    Activity.LOOK_FOR_SETTINGS: Link.DNS,
    Activity.LOOK_AT_DOMAIN: Link.DNS,
    Activity.REACH_INCOMING: Link.HOSTING,
    Activity.REACH_OUTGOING: Link.HOSTING,
    Activity.LOG_IN_INCOMING: Link.ACCOUNT,
    Activity.LOG_IN_OUTGOING: Link.ACCOUNT,
    Activity.SEND: Link.ACCOUNT,
    Activity.WAIT_FOR_ARRIVAL: Link.ACCOUNT,
    Activity.COMPARE_ATTACHMENT: Link.ACCOUNT,
    Activity.CLEAN_UP: Link.ACCOUNT,
    Activity.OPEN_SECOND: Link.DNS,
    Activity.SEND_ELSEWHERE: Link.DNS,
    Activity.RECEIVE_FROM_ELSEWHERE: Link.DNS,
}


class TestingPage(PageView):
    """The activities of the check as a list, below the chain."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.chain = ChainView()
        self._lead = PlainLabel(role="muted")
        self.steps = StepList()
        self.servers = self.move_link(Move.MANUAL)
        self.add_to_column(self.chain, self._lead, self.steps)
        # At the bottom, where the growing list does not move it.
        self.column.addWidget(self.servers)
        self._steps: dict[Activity, tuple[str, Status, float]] = {}
        self.retranslate()

    def enter(self) -> None:
        """Begin with an empty list."""
        self._steps.clear()
        self.chain.reset()
        self._update()

    def start_jobs(self) -> None:
        """Check the account."""
        self.services.check.run(self.on_event, lambda: self.moved.emit(Move.ENDED))

    def on_event(self, event: Event) -> None:
        """An event of the check."""
        match event:
            case ActivityStarted(activity=activity, detail=detail):
                self._steps[activity] = (detail, Status.UNKNOWN, 0.0)
                link = _LINK_OF[activity]
                if self.chain.light(link) is not StatusLight.FAIL:
                    self.chain.set_light(link, StatusLight.WORKING)
            case ActivityEnded(activity=activity, status=status, elapsed_ms=elapsed):
                detail = self._steps.get(activity, ("", Status.UNKNOWN, 0.0))[0]
                self._steps[activity] = (detail, status, elapsed)
                sentence = activity_sentence(activity, detail)
                announce(self, f"{sentence}: {StatusLight(status).word}")
                link = _LINK_OF[activity]
                if status is Status.OK and link is Link.HOSTING:
                    self.chain.set_light(link, StatusLight.OK)
                    self.chain.set_light(Link.CLIENT, StatusLight.OK)
            case FindingMade(finding=finding):
                if finding.status is Status.FAIL:
                    self.chain.set_light(finding.link, StatusLight.FAIL)
            case LinkJudged(link=link, status=status):
                self.chain.set_status(link, status)
            case _:
                return
        self._update()

    def _update(self) -> None:
        self.steps.show_steps(
            [
                ProgressStep(
                    activity_sentence(activity, detail),
                    StatusLight.WORKING if status is Status.UNKNOWN else StatusLight(status),
                    "" if status is Status.UNKNOWN else seconds(elapsed),
                )
                for activity, (detail, status, elapsed) in self._steps.items()
            ]
        )

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Trying it out for real"))
        self._lead.setText(
            _("A small message goes from you to yourself. It is removed again afterwards.")
        )
        self.servers.setText(_("Change the servers by hand"))
        self.chain.retranslate()
        self._update()
