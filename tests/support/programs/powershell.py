"""PowerShell as a parser of the language sees it; the shell itself is not in Debian."""

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser


def faults(script: bytes) -> list[str]:
    """What the parser does not understand."""
    parser = Parser(Language(tree_sitter_powershell.language()))
    wrong: list[str] = []

    def look(node: Node) -> None:
        if node.is_error or node.is_missing:
            wrong.append(f"line {node.start_point[0] + 1}: {node.text!r}"[:200])
        for child in node.children:
            look(child)

    look(parser.parse(script.removeprefix(b"\xef\xbb\xbf")).root_node)
    return wrong
