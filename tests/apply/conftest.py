"""Fixtures of the tests that write into other programs' files."""

from collections.abc import Iterator

import pytest

from tests.support.programs.interrupted import Interruptions, interruptions


@pytest.fixture(scope="session")
def failing() -> Iterator[Interruptions]:
    """Work that fails at its n-th touch of the disk."""
    with interruptions() as made:
        yield made
