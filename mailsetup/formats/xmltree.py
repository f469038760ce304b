"""Small XML documents: a reader for untrusted ones, and a writer.

The reader limits size, depth and elements, refuses document types and entities, and fetches
nothing.
"""

from collections.abc import Iterator
from enum import StrEnum
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 20_000


class XmlFault(StrEnum):
    """Why a document cannot be read."""

    TOO_LARGE = "too-large"
    NOT_XML = "not-xml"
    FORBIDDEN = "forbidden-xml"
    """A document type, entities, or more than `MAX_DEPTH` levels or `MAX_ELEMENTS` elements."""
    HTML = "html"
    """A web page, which many servers send with status 200 for unknown paths."""


class _ForbiddenError(Exception):
    """The document contains what `XmlFault.FORBIDDEN` describes."""


def read(document: bytes) -> Element | XmlFault:
    """The root element; never raises."""
    if len(document) > MAX_BYTES:
        return XmlFault.TOO_LARGE
    try:
        root = _tree(document)
    except _ForbiddenError:
        return XmlFault.HTML if _is_page(document) else XmlFault.FORBIDDEN
    # LookupError and ValueError: an encoding in the XML declaration that Python does not have.
    except (expat.ExpatError, LookupError, ValueError):
        return XmlFault.HTML if _is_page(document) else XmlFault.NOT_XML
    return XmlFault.HTML if name_of(root) == "html" else root


def name_of(element: Element) -> str:
    """The tag without a namespace, in lower case."""
    return element.tag.rpartition(":")[2].lower()


def children(element: Element, name: str) -> Iterator[Element]:
    """The children with this name, in any case."""
    wanted = name.lower()
    return (child for child in element if name_of(child) == wanted)


def text_of(element: Element, name: str) -> str:
    """The text of the first child with this name, in any case; "" where there is none."""
    for child in children(element, name):
        return (child.text or "").strip()
    return ""


def write(root: Element, *, encoding: str = "UTF-8") -> bytes:
    """The document, indented, ending in a newline. What is not ASCII is written as references."""
    ElementTree.indent(root)
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    return declaration.encode() + ElementTree.tostring(root) + b"\n"


def _is_page(document: bytes) -> bool:
    return b"<html" in document[:2048].lower()


def _tree(document: bytes) -> Element:
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    depth = elements = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth += 1
        elements += 1
        if depth > MAX_DEPTH or elements > MAX_ELEMENTS:
            raise _ForbiddenError
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: object) -> int:
        raise _ForbiddenError

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.buffer_text = True
    parser.Parse(document, True)
    return builder.close()
