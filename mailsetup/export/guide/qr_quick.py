"""QR codes by the hundred (ISO/IEC 18004): byte mode, error correction level L, one fixed mask.

A library chooses the best of eight masks for each code, which is most of its work, and places bit
by bit what is the same for every code of a size. Here a size is laid out once, with the library's
own pattern, and a code is then a polynomial division and one pass over its bits: twenty times
faster, and module for module what the library makes when it is given the same mask.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

_BITS = bytes.maketrans(b"01", b"\x00\x01")
MASK = 2
"""The mask that inverts every third column."""

# Version -> codewords in all, of these for correction in each block, blocks (level L).
_SIZES = {
    1: (26, 7, 1),
    2: (44, 10, 1),
    3: (70, 15, 1),
    4: (100, 20, 1),
    5: (134, 26, 1),
    6: (172, 18, 2),
    7: (196, 20, 2),
    8: (242, 24, 2),
    9: (292, 30, 2),
    10: (346, 18, 4),
    11: (404, 20, 4),
    12: (466, 24, 4),
}
_ALIGNMENT = {
    2: (6, 18),
    3: (6, 22),
    4: (6, 26),
    5: (6, 30),
    6: (6, 34),
    7: (6, 22, 38),
    8: (6, 24, 42),
    9: (6, 26, 46),
    10: (6, 28, 50),
    11: (6, 30, 54),
    12: (6, 32, 58),
}


def rows(text: str) -> tuple[bytes, ...] | None:
    """The code's modules, 1 for dark, row by row; None when the text is too long for here."""
    content = text.encode()
    for version in _SIZES:
        layout = _layout(version)
        if len(content) <= layout.capacity:
            return layout.drawn(_message(content, layout))
    return None


@dataclass(frozen=True, slots=True)
class _Layout:
    """All that is the same for every code of a version."""

    version: int
    side: int
    capacity: int
    """Octets of text."""
    data: int
    """Codewords of data."""
    blocks: int
    correction: int
    pattern: bytes
    bits: int
    """Modules that hold bits of the message."""
    laid: Callable[[bytes], tuple[int, ...]]
    """Puts the bits, which stand behind the pattern, where they belong."""
    inverted: int
    """The mask, as bits in the same order."""

    def drawn(self, message: int) -> tuple[bytes, ...]:
        """The message, bit after bit, laid into the pattern."""
        bits = format(message ^ self.inverted, f"0{self.bits}b").encode().translate(_BITS)
        modules = bytes(self.laid(self.pattern + bits))
        side = self.side
        return tuple(modules[start : start + side] for start in range(0, side * side, side))


@lru_cache(maxsize=len(_SIZES))
def _layout(version: int) -> _Layout:
    import segno

    total, correction, blocks = _SIZES[version]
    side = 17 + 4 * version
    data = total - correction * blocks
    model = segno.make_qr(
        "0", error="L", mode="byte", eci=False, mask=MASK, version=version, boost_error=False
    )
    fixed = _fixed(version, side)
    places = tuple(
        row * side + column for row, column in _way(side) if row * side + column not in fixed
    )
    inverted = int("".join("1" if place % side % 3 == 0 else "0" for place in places), 2)
    sources = list(range(side * side))
    for order, place in enumerate(places):
        sources[place] = side * side + order
    return _Layout(
        version=version,
        side=side,
        capacity=data - (2 if version < 10 else 3),
        data=data,
        blocks=blocks,
        correction=correction,
        pattern=bytes(module & 1 for row in model.matrix for module in row),
        bits=len(places),
        laid=itemgetter(*sources),
        inverted=inverted,
    )


def _fixed(version: int, side: int) -> frozenset[int]:
    """Modules that hold no data: finders, timing, alignment, format and version."""
    found: set[int] = set()

    def area(top: int, left: int, height: int, width: int) -> None:
        for row in range(top, top + height):
            found.update(range(row * side + left, row * side + left + width))

    area(0, 0, 9, 9)
    area(0, side - 8, 9, 8)
    area(side - 8, 0, 8, 9)
    area(6, 0, 1, side)
    area(0, 6, side, 1)
    centres = _ALIGNMENT.get(version, ())
    for row in centres:
        for column in centres:
            if row * side + column not in found or (6 in (row, column) and row != column):
                corner = {(6, 6), (6, centres[-1]), (centres[-1], 6)}
                if (row, column) not in corner:
                    area(row - 2, column - 2, 5, 5)
    if version >= 7:
        area(0, side - 11, 6, 3)
        area(side - 11, 0, 3, 6)
    return frozenset(found)


def _way(side: int) -> list[tuple[int, int]]:
    """Two columns at a time from the right, up and down in turns, around the timing column."""
    found = []
    up = True
    right = side - 1
    while right > 0:
        if right == 6:
            right -= 1
        for step in range(side):
            row = side - 1 - step if up else step
            found += [(row, right), (row, right - 1)]
        up = not up
        right -= 2
    return found


def _message(content: bytes, layout: _Layout) -> int:
    """Data and correction of all blocks, interleaved, as one number."""
    length = 8 if layout.version < 10 else 16
    bits = 4 + length + 8 * len(content)
    number = ((0b0100 << length | len(content)) << 8 * len(content)) | int.from_bytes(content)
    # Four zeros end it, and with them it ends with an octet. The library puts one more octet of
    # zeros behind; no reader looks there.
    filled = min(bits + 4 + 8, 8 * layout.data)
    data = (number << (filled - bits)).to_bytes(filled // 8)
    data += (b"\xec\x11" * layout.data)[: layout.data - len(data)]
    short, longer = divmod(layout.data, layout.blocks)
    blocks, start = [], 0
    for index in range(layout.blocks):
        end = start + short + (index >= layout.blocks - longer)
        blocks.append(data[start:end])
        start = end
    corrections = [_correction(block, layout.correction) for block in blocks]
    words = bytearray()
    for place in range(short + (longer > 0)):
        words += bytes(block[place] for block in blocks if place < len(block))
    for place in range(layout.correction):
        words += bytes(one[place] for one in corrections)
    return int.from_bytes(words) << (layout.bits - 8 * len(words))


# Reed and Solomon over GF(256), x^8 + x^4 + x^3 + x^2 + 1 -----------------------------------------


def _correction(block: bytes, count: int) -> bytes:
    """The remainder of the block divided by the generator of this degree."""
    table = _divisors(count)
    top, low = 8 * (count - 1), (1 << 8 * (count - 1)) - 1
    rest = 0
    for octet in block:
        rest = ((rest & low) << 8) ^ table[(rest >> top) ^ octet]
    return rest.to_bytes(count)


@lru_cache(maxsize=16)
def _divisors(count: int) -> tuple[int, ...]:
    """The generator without its first term, times every element."""
    generator = [1]
    root = 1
    for _degree in range(count):
        longer = [*generator, 0]
        for place, factor in enumerate(generator):
            longer[place + 1] ^= _product(factor, root)
        generator = longer
        root = _product(root, 2)
    return tuple(
        int.from_bytes(bytes(_product(term, element) for term in generator[1:]))
        for element in range(256)
    )


def _product(one: int, other: int) -> int:
    product = 0
    while other:
        if other & 1:
            product ^= one
        one = one << 1 ^ (0x11D if one & 0x80 else 0)
        other >>= 1
    return product
