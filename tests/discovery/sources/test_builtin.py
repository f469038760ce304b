"""The built-in list of providers."""

import pytest

from mailsetup.discovery.sources.builtin import Builtin
from mailsetup.discovery.sources.mx import Mx
from mailsetup.model.source_result import NeedsInput, NotFound
from tests.support.network.scripted_network import (
    ScriptedNetwork,
    mx,
)
from tests.support.network.sources import found_by, result_of


def test_user_names_have_the_providers_form() -> None:
    settings = found_by(Builtin(), ScriptedNetwork(), "ana@icloud.com").settings
    assert settings.incoming[0].username == "ana"
    assert settings.outgoing[0].username == "ana@icloud.com"


def test_a_provider_that_needs_its_own_program() -> None:
    outcome = result_of(Builtin(), ScriptedNetwork(), "ana@proton.me")
    assert isinstance(outcome, NeedsInput)
    assert outcome.question == "bridge"
    assert outcome.hints[0].url == "https://proton.me/mail/bridge"


@pytest.mark.parametrize(
    ("exchanger", "question"),
    [("mail.protonmail.ch", "bridge"), ("mail.tutanota.de", "own-app")],
)
def test_a_provider_that_needs_its_own_program_with_an_own_domain(
    exchanger: str, question: str
) -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx(exchanger)
    outcome = result_of(Mx(), scripted)
    assert isinstance(outcome, NeedsInput)
    assert outcome.question == question
    assert not scripted.asked_urls


def test_a_domain_below_a_known_one_is_unknown() -> None:
    assert isinstance(result_of(Builtin(), ScriptedNetwork(), "ana@x.gmail.com"), NotFound)
