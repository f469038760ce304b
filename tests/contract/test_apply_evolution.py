"""The contract of appliers, for Evolution."""

from tests.contract import appliers as suite


class TestEvolution(suite.ApplierContract):
    program = "evolution"
    command = "evolution"
