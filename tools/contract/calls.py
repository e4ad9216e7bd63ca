"""Which SQL functions the code calls: their names stand in it as strings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

CALLERS = ("shared", "functions", "cli", "local")
SQL_FUNCTION = re.compile(r"[a-z][a-z0-9_]*_v\d+")


def called_by(files: Iterable[Path]) -> set[str]:
    """The names of SQL functions in these Python files, but for those in a list of them (a constant …CALLS)."""
    return {name for file in files for name in _names(ast.parse(file.read_text(encoding="utf-8")))}


def callers(root: Path) -> list[Path]:
    """The Python files that are released: what is deployed, and the command line."""
    return sorted(file for folder in CALLERS for file in (root / folder).rglob("*.py"))


def reached(files: Iterable[Path], library: Path) -> set[Path]:
    """These files, and the modules of the library (shared/pulser) that they import, directly or not."""
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imports(ast.parse(file.read_text(encoding="utf-8")), library)
    return found


def _names(tree: ast.AST) -> Iterator[str]:
    listed = {inner for node in ast.walk(tree) if _is_list_of_calls(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and node not in listed else None
        if isinstance(text, str) and SQL_FUNCTION.fullmatch(text):
            yield text


def _is_list_of_calls(node: ast.AST) -> bool:
    targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(it, ast.Name) and it.id.endswith("CALLS") for it in targets)


def _imports(tree: ast.AST, library: Path) -> list[Path]:
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    named |= {
        f"{node.module}.{it.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for it in node.names
    }
    parts = [it.partition(".") for it in named]
    files = [library / f"{module}.py" for package, _, module in parts if package == library.name and module]
    return [it for it in files if it.is_file()]
