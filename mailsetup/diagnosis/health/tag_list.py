"""The tag lists of DKIM, DMARC, MTA-STS and TLS-RPT records (RFC 6376 section 3.2)."""

MAX_TEXT = 16 * 1024
_WHITE_SPACE = " \t\r\n"


def read_tags(text: str) -> tuple[tuple[str, str], ...] | None:
    """``name=value`` pairs in order, without the white space around both; None if invalid.

    A repeated name makes the whole list invalid (RFC 6376 section 3.2).
    """
    if len(text) > MAX_TEXT:
        return None
    pairs: list[tuple[str, str]] = []
    for part in text.strip(_WHITE_SPACE).removesuffix(";").split(";"):
        name, equals, value = part.partition("=")
        name = name.strip(_WHITE_SPACE)
        if not equals or not name.isascii() or not name.replace("_", "a").isalnum():
            return None
        pairs.append((name, value.strip(_WHITE_SPACE)))
    names = {name for name, _ in pairs}
    return tuple(pairs) if len(names) == len(pairs) else None
