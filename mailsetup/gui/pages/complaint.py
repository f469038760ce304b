"""The choice of a complaint."""

from dataclasses import replace

from PySide6.QtWidgets import QVBoxLayout

from mailsetup.assistant.flow import Move
from mailsetup.diagnosis.symptoms import complaint
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space
from mailsetup.gui.widgets.basic import PlainLabel
from mailsetup.gui.widgets.choice_card import ChoiceCard
from mailsetup.i18n import _
from mailsetup.model.symptom import Symptom


class ComplaintPage(PageView):
    """One card for each complaint; one click goes on."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lead = PlainLabel(role="muted")
        self.column.addWidget(self._lead)
        cards = QVBoxLayout()
        cards.setSpacing(Space.SMALL)
        self.column.addLayout(cards)
        self.choices: dict[Symptom, ChoiceCard] = {}
        for symptom in Symptom:
            card = ChoiceCard(str(symptom), small=True)
            card.clicked.connect(lambda _checked=False, chosen=symptom: self._choose(chosen))
            self.choices[symptom] = card
            cards.addWidget(card)
        self.column.addStretch(1)
        self.retranslate()

    def _choose(self, symptom: Symptom) -> None:
        self.state.owner = replace(self.state.owner, symptom=symptom)
        self.moved.emit(Move.NEXT)

    def first_focus(self) -> ChoiceCard:
        """The complaint chosen before, or the commonest."""
        return self.choices[self.state.owner.symptom or Symptom.NOT_RECEIVING]

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("What is wrong?"))
        self._lead.setText(
            _("Choose what comes closest. The likeliest causes are looked at first.")
        )
        for symptom, card in self.choices.items():
            card.set_texts(complaint(symptom))
