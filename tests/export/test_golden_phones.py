"""The files for phones, byte for byte: the QR code's text, the ``.k9s``, the profile.

Neither Android nor iOS could be run, so that only the vendors' published rules (`k9_rules`,
`apple_schema`) confirm them. The golden files make every change visible. ``python -m
tests.export.test_golden_phones`` writes them again.
"""

from pathlib import Path

import pytest

from mailsetup import i18n
from mailsetup.export.exporter import ExportFailure
from mailsetup.export.programs.apple_mail import mobileconfig
from mailsetup.export.programs.k9_settings import qr_payload, settings_file
from mailsetup.model.settings import Account
from tests.support.samples.accounts import ORDINARY

GOLDEN = Path(__file__).parent / "golden"
CASES = ("imap-tls", "pop3-starttls", "international", "oauth2")


def written(wanted: Account) -> dict[str, bytes]:
    """The three contents, by the suffixes of their golden files."""
    payload, settings, profile = qr_payload(wanted), settings_file(wanted), mobileconfig(wanted)
    assert isinstance(payload, str)
    assert not isinstance(settings, ExportFailure)
    assert not isinstance(profile, ExportFailure)
    return {"qr.json": payload.encode(), "k9s": settings, "mobileconfig": profile}


@pytest.mark.parametrize("case", CASES)
def test_files_for_phones_equal_the_golden_files(case: str) -> None:
    i18n.set_language("en")
    for end, content in written(ORDINARY[case]).items():
        assert content == (GOLDEN / f"phone-{case}.{end}").read_bytes(), end


if __name__ == "__main__":
    i18n.set_language("en")
    for _case in CASES:
        for _end, _content in written(ORDINARY[_case]).items():
            (GOLDEN / f"phone-{_case}.{_end}").write_bytes(_content)
