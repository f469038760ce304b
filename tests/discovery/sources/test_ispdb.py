"""The public database of mail programs."""

from mailsetup.discovery.sources.ispdb import Ispdb
from mailsetup.model.source_result import Unreachable
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from tests.support.network.scripted_network import (
    ISPDB,
    ISPDB_COPY,
    NEVER,
    ScriptedNetwork,
    config,
)
from tests.support.network.sources import found_by, result_of


def test_the_database_learns_the_domain_only() -> None:
    scripted = ScriptedNetwork()
    scripted.serve(ISPDB, config())
    assert found_by(Ispdb(), scripted).vouched
    assert scripted.asked_urls
    assert not any("ana" in url for url in scripted.asked_urls)


def test_an_unresponsive_copy_delays_nothing() -> None:
    scripted = ScriptedNetwork()
    scripted.web_delays[ISPDB] = NEVER
    scripted.serve(ISPDB_COPY, config(), after=0.1)
    outcome = found_by(Ispdb(), scripted)
    assert outcome.source.location == ISPDB_COPY


def test_absent_in_one_and_unreachable_in_the_other_is_not_absent() -> None:
    scripted = ScriptedNetwork()
    scripted.web[ISPDB] = HttpReply(404, ISPDB, b"")
    scripted.web[ISPDB_COPY] = HttpFailure(HttpFault.TIMEOUT, ISPDB_COPY)
    assert isinstance(result_of(Ispdb(), scripted), Unreachable)
