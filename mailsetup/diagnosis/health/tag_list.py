"""The tag lists of DKIM, DMARC, MTA-STS and TLS-RPT records (RFC 6376 section 3.2)."""

MAX_TEXT = 16 * 1024
_BLANKS = " \t\r\n"


def read_tags(text: str) -> tuple[tuple[str, str], ...] | None:
    """``name=value`` pairs in order, blanks around both removed; None for anything else.

    One name twice makes the whole list invalid, as RFC 6376 wants.
    """
    if len(text) > MAX_TEXT:
        return None
    pairs: list[tuple[str, str]] = []
    for part in text.strip(_BLANKS).removesuffix(";").split(";"):
        name, equals, value = part.partition("=")
        name = name.strip(_BLANKS)
        if not equals or not name.isascii() or not name.replace("_", "a").isalnum():
            return None
        pairs.append((name, value.strip(_BLANKS)))
    names = {name for name, _ in pairs}
    return tuple(pairs) if len(names) == len(pairs) else None
