"""What telephones are given, byte for byte: the QR code's text, the ``.k9s``, the profile.

Neither Android nor iOS could be run here, so nothing but the vendors' published rules (`k9_rules`,
`apple_schema`) says that these are right. The golden files make every change of them visible.
``python -m tests.export.test_golden_phones`` writes them anew.
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
    """The three, by the endings of their golden files."""
    payload, settings, profile = qr_payload(wanted), settings_file(wanted), mobileconfig(wanted)
    assert isinstance(payload, str)
    assert not isinstance(settings, ExportFailure)
    assert not isinstance(profile, ExportFailure)
    return {"qr.json": payload.encode(), "k9s": settings, "mobileconfig": profile}


@pytest.mark.parametrize("case", CASES)
def test_what_a_telephone_gets_is_what_was_meant(case: str) -> None:
    i18n.set_language("en")
    for end, content in written(ORDINARY[case]).items():
        assert content == (GOLDEN / f"phone-{case}.{end}").read_bytes(), end


if __name__ == "__main__":
    i18n.set_language("en")
    for _case in CASES:
        for _end, _content in written(ORDINARY[_case]).items():
            (GOLDEN / f"phone-{_case}.{_end}").write_bytes(_content)
