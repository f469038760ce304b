"""``profiles.ini``: added profiles are read back, and removal leaves the others unchanged."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.formats import profiles_ini
from mailsetup.formats.profiles_ini import ProfileEntry, ProfilesIniError

NAMES = st.text(st.characters(categories=("L", "N"), include_characters="-_. "), min_size=1).map(
    str.strip
)
PROFILES = st.lists(
    st.tuples(NAMES.filter(bool), NAMES.filter(bool)),
    max_size=5,
    unique_by=lambda profile: profile[1],
)
INSTALLATION = b"[Install1234]\r\nDefault=other\r\nLocked=1\r\n"


def with_profiles(content: bytes, profiles: list[tuple[str, str]]) -> bytes:
    for name, path in profiles:
        number = profiles_ini.first_free(profiles_ini.entries(content) or ())
        content = profiles_ini.with_profile(content, number, name, path)
    return content


@given(PROFILES)
def test_added_profiles_are_read_back(profiles: list[tuple[str, str]]) -> None:
    assert profiles_ini.listed(with_profiles(b"", profiles)) == tuple(
        ProfileEntry(number, name, path, relative=True)
        for number, (name, path) in enumerate(profiles)
    )


@given(PROFILES.filter(bool), st.sampled_from([b"", INSTALLATION]))
def test_a_profile_that_is_added_and_removed_leaves_the_others(
    profiles: list[tuple[str, str]], installation: bytes
) -> None:
    before = with_profiles(installation, profiles[:-1])
    after = profiles_ini.without_profile(with_profiles(before, profiles[-1:]), profiles[-1][1])
    assert after is not None
    assert profiles_ini.entries(after) == profiles_ini.entries(before)
    assert profiles_ini.defaults(after) == profiles_ini.defaults(before)


@given(st.binary(max_size=200), NAMES, NAMES)
def test_an_edit_reads_back_or_fails(content: bytes, name: str, path: str) -> None:
    before = profiles_ini.entries(content) or ()
    with contextlib.suppress(ProfilesIniError):
        after = profiles_ini.with_profile(content, profiles_ini.first_free(before), name, path)
        assert after.startswith(content) or not content.strip()
        assert len(profiles_ini.entries(after) or ()) == len(before) + 1


def test_a_name_that_would_not_read_back_fails() -> None:
    with pytest.raises(ProfilesIniError):
        profiles_ini.with_profile(b"", 0, "Ana\nPath=elsewhere", "a.b")
