"""Fixtures of the tests that write into the files of other programs."""

from collections.abc import Iterator

import pytest

from tests.support.programs.interrupted import Interruptions, interruptions


@pytest.fixture(scope="session")
def failing() -> Iterator[Interruptions]:
    """Runs work that fails at its n-th file operation."""
    with interruptions() as made:
        yield made
