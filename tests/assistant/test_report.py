"""The properties of a report on a check."""

from dataclasses import replace

import pytest

from mailsetup.model.finding import Link, Status
from tests.support.samples.check_results import report


@pytest.mark.parametrize(
    ("status", "proven"),
    [(Status.OK, True), (Status.WARN, True), (Status.UNKNOWN, False), (Status.FAIL, False)],
)
def test_every_link_must_be_proven_except_for_warnings(status: Status, *, proven: bool) -> None:
    chain = tuple((link, status if link is Link.ACCOUNT else Status.OK) for link in Link)
    assert replace(report(healthy=True), chain=chain).is_proven is proven


def test_the_root_cause_belongs_to_the_first_broken_link() -> None:
    broken = report(healthy=False)
    assert broken.root_cause is not None
    assert broken.root_cause.link is broken.first_broken
    assert report(healthy=True).root_cause is None
