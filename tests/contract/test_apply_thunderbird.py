"""The contract of appliers, for Thunderbird."""

from tests.contract import appliers as suite


class TestThunderbird(suite.ProfileApplierContract):
    program = "thunderbird"
    command = "thunderbird"
