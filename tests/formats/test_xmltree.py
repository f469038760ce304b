"""XML documents: what is written is read back."""

from xml.etree.ElementTree import Element

from hypothesis import given
from hypothesis import strategies as st

from mailsetup.formats.xmltree import name_of, read, text_of, write

TEXTS = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=40)


@given(texts=st.lists(TEXTS, max_size=5), attribute=TEXTS)
def test_texts_and_attributes_are_read_back(texts: list[str], attribute: str) -> None:
    root = Element("Root", {"attribute": attribute})
    for number, text in enumerate(texts):
        child = Element(f"Child{number}")
        child.text = text
        root.append(child)
    found = read(write(root))
    assert isinstance(found, Element)
    assert name_of(found) == "root"
    assert found.get("attribute") == attribute
    assert [text_of(found, f"Child{number}") for number in range(len(texts))] == [
        text.strip() for text in texts
    ]
