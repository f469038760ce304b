"""Names of people's folders: safe on every system, and unique."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mailsetup.batch.folder_names import FolderNames
from mailsetup.model.address import EmailAddress

ANA = EmailAddress("ana", "bodega.es")


def test_the_names_of_devices_on_windows_are_avoided() -> None:
    for name in ("con", "NUL", "Com1", "lpt9", "aux", "PRN"):
        assert FolderNames().give(name, ANA).startswith(f"{name.lower()}-")


def test_names_that_differ_in_case_or_accents_alone_get_different_folders() -> None:
    names = FolderNames()
    given_out = [
        names.give(name, EmailAddress(f"a{number}", "b.es"))
        for number, name in enumerate(("Ana Núñez", "ANA NUNEZ", "ana nunez"))
    ]
    assert len({name.casefold() for name in given_out}) == 3


def test_a_name_without_ascii_letters_is_replaced_by_the_address() -> None:
    assert FolderNames().give("محمد علي", ANA) == "ana"
    assert FolderNames().give("👩‍💻", EmailAddress("ñ", "b.es")) == "n"
    assert FolderNames().give("..", EmailAddress("你好", "b.es")) == "person"


@given(st.lists(st.text(max_size=80), min_size=1, max_size=30))
def test_folder_names_are_safe_and_unique_for_any_names(people: list[str]) -> None:
    names = FolderNames()
    made = [names.give(name, EmailAddress(f"p{n}", "b.es")) for n, name in enumerate(people)]
    assert len({name.casefold() for name in made}) == len(people)
    for name in made:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,120}", name)
        assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)", name)
