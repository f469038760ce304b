"""Types of the part of publicsuffixlist that is used; the package has none."""

PSLFILE: str

class PublicSuffixList:
    def __init__(self, source: str | None = None, *, only_icann: bool) -> None: ...
    def privatesuffix(self, domain: str) -> str | None: ...
