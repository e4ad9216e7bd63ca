"""What is deployed names each package that it imports itself: none is there by another one's grace."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repository.tree import FUNCTION_FOLDERS, ROOT, python_files

OURS = {"pulser", *(it.name.replace("-", "_") for it in FUNCTION_FOLDERS)}


@cache
def distributions() -> dict[str, set[str]]:
    """Each module that can be imported, and the packages that bring it."""
    return {module: set(map(canonicalize_name, names)) for module, names in packages_distributions().items()}


def imported(files: Iterable[Path]) -> set[str]:
    """The modules of others that these files import, by their first name."""
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in plain | parts} - sys.stdlib_module_names - OURS


def unnamed(modules: Iterable[str], requirements: Iterable[str]) -> set[str]:
    """The modules that no requirement brings."""
    named = {canonicalize_name(Requirement(it).name) for it in requirements}
    return {it for it in modules if not distributions()[it] & named}


def library() -> list[str]:
    """What the library requires."""
    project = tomllib.loads((ROOT / "shared" / "pyproject.toml").read_text())["project"]
    return [str(it) for it in project["dependencies"]]


def test_the_library_names_what_it_imports() -> None:
    """shared/pyproject.toml has each package that a file of shared/ imports."""
    assert unnamed(imported(python_files("shared/")), library()) == set()


def test_the_library_imports_what_it_names() -> None:
    """No requirement of shared/pyproject.toml is left over."""
    brought = {name for it in imported(python_files("shared/")) for name in distributions()[it]}
    assert {canonicalize_name(Requirement(it).name) for it in library()} - brought == set()


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS, ids=lambda it: it.name)
def test_a_function_names_what_it_imports(folder: Path) -> None:
    """Its requirements.txt has it, or the library that every function brings."""
    lines = (folder / "requirements.txt").read_text().splitlines()
    own = [it for it in lines if it and not it.startswith(("#", "./"))]
    modules = imported(python_files(f"functions/{folder.name}/"))
    assert "functions_framework" in modules
    assert unnamed(modules, [*own, *library()]) == set()
