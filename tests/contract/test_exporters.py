"""The contract of exporters with generated accounts, for every program of the table."""

import importlib
import pkgutil
from dataclasses import replace

import pytest
from hypothesis import given, settings

import tests.contract
from mailsetup.apply.targets import TARGETS, find_target
from mailsetup.export.exporter import Artifact, ExportFailure
from tests.contract import exporters as contract
from tests.contract.exporters import ANYTHING, AWKWARD, BASE, HOSTS, with_server

pytestmark = pytest.mark.slow

for _module in pkgutil.iter_modules(tests.contract.__path__):
    if _module.name.startswith("test_export_"):
        importlib.import_module(f"tests.contract.{_module.name}")

SUITES = contract.ExporterContract.__subclasses__()
EVERY_PROGRAM = pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.__name__)


@EVERY_PROGRAM
@settings(deadline=None)
@given(person=AWKWARD, username=AWKWARD.filter(lambda text: text.strip() != ""))
def test_awkward_names_are_read_back(
    suite: type[contract.ExporterContract], person: str, username: str
) -> None:
    incoming = replace(BASE.incoming, username=username)
    outgoing = replace(BASE.outgoing, username=username)
    wanted = replace(BASE, person=person, incoming=incoming, outgoing=outgoing)
    suite().check(wanted, suite().exported(wanted))


@EVERY_PROGRAM
@settings(deadline=None, max_examples=40)
@given(incoming=HOSTS, outgoing=HOSTS, username=AWKWARD.filter(lambda text: text.strip() != ""))
def test_every_valid_host_is_read_back(
    suite: type[contract.ExporterContract], incoming: str, outgoing: str, username: str
) -> None:
    wanted = replace(
        BASE,
        incoming=replace(BASE.incoming, host=incoming, username=username),
        outgoing=replace(BASE.outgoing, host=outgoing, username=username),
    )
    result = suite().program.export(wanted)
    if isinstance(result, Artifact):
        suite().check(wanted, result)
    else:
        assert result.reason.endswith(".")


@EVERY_PROGRAM
@settings(deadline=None)
@given(person=ANYTHING, username=ANYTHING, host=ANYTHING)
def test_no_text_causes_an_exception(
    suite: type[contract.ExporterContract], person: str, username: str, host: str
) -> None:
    program = suite().program
    for server in with_server(replace(BASE, person=person), username=username, host=host):
        assert isinstance(program.export(server), Artifact | ExportFailure)
    wanted = replace(BASE, person=person)
    result = program.export(wanted)
    if isinstance(result, Artifact):
        suite().check(wanted, result)


def test_every_program_of_the_table_fulfils_the_contract() -> None:
    covered = {type(suite.program) for suite in SUITES}
    assert covered == {type(target.load_exporter()) for target in TARGETS}
    assert find_target("eudora") is None
