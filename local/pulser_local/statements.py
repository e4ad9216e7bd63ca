"""Splits an SQL file at its semicolons, as the Supabase CLI does for the migration history."""

from __future__ import annotations

import re

# What hides a semicolon from the splitter, each matched as a whole; an unclosed one runs to the end.
_TOKEN = re.compile(
    r"""
      (?P<comment>--[^\n]*)
    | (?P<block>/\*)
    | (?P<escape>(?<![A-Za-z0-9_$])[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))
    | (?P<string>'(?:[^']|'')*(?:'|\Z))
    | (?P<name>"(?:[^"]|"")*(?:"|\Z))
    | (?P<dollar>(?<![A-Za-z0-9_$])\$(?P<tag>[A-Za-z_]\w*|)\$.*?(?:\$(?P=tag)\$|\Z))
    | (?P<atomic>\bbegin\s+atomic\b)
    | (?P<case>\bcase\b)
    | (?P<end>\bend\b)
    | (?P<semicolon>;)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")


def split_statements(text: str) -> list[str]:
    """The statements in order, without their semicolons; comments stay with the statement they precede."""
    statements: list[str] = []
    start = position = 0
    nested = 0  # inside the SQL-standard body `begin atomic … end`, where semicolons do not end the statement
    while (token := _TOKEN.search(text, position)) is not None:
        position = token.end()
        kind = token.lastgroup if token.lastgroup != "tag" else "dollar"
        if kind == "block":
            position = _end_of_comment(text, position)
        elif kind == "atomic" or (kind == "case" and nested):
            nested += 1
        elif kind == "end" and nested:
            nested -= 1
        elif kind == "semicolon" and not nested:
            statements.append(text[start : token.start()])
            start = position
    statements.append(text[start:])
    return [statement.strip() for statement in statements if _says_something(statement)]


def _end_of_comment(text: str, position: int) -> int:
    depth = 1  # PostgreSQL's comments nest
    while depth:
        edge = _BLOCK_EDGE.search(text, position)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position


def _says_something(statement: str) -> bool:
    position = 0
    while token := re.compile(r"\s+|--[^\n]*|/\*").match(statement, position):
        position = _end_of_comment(statement, token.end()) if token[0] == "/*" else token.end()
    return position < len(statement)
