"""Check PowerShell scripts with a parser of the language; the shell itself is not in Debian."""

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser


def faults(script: bytes) -> list[str]:
    """The syntax errors that the parser finds."""
    parser = Parser(Language(tree_sitter_powershell.language()))
    wrong: list[str] = []

    def collect(node: Node) -> None:
        if node.is_error or node.is_missing:
            wrong.append(f"line {node.start_point[0] + 1}: {node.text!r}"[:200])
        for child in node.children:
            collect(child)

    collect(parser.parse(script.removeprefix(b"\xef\xbb\xbf")).root_node)
    return wrong
