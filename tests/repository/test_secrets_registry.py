"""The registry of secrets against the code, both ways: each reader is listed, and each that is listed reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.repository.tree import FUNCTION_FOLDERS, MIGRATIONS, ROOT, python_files

REGISTRY: dict[str, set[str]] = {
    it["name"]: set(it["consumers"])
    for it in yaml.safe_load((ROOT / "ssot" / "secrets" / "registry.yaml").read_text())["secrets"]
}
HOOKS = "pulser_hook_*"
HOOK_READ = "vault.read(call.hook.secret"  # the one read whose name stands in a row and not in the code
COMMANDS = {
    "cli/pulser_cli/relay.py": "pulser relay",
    "cli/pulser_cli/doctor/command.py": "pulser doctor",
    "cli/pulser_cli/verify.py": "pulser ledger verify",
}
# What looks like a name in Vault, so that a new one is not overlooked.
NAME = re.compile(r"slack_\w*(?:token|secret)\w*|pulser_\w*key|pulser_functions_url|pulser_hook_\w+")


def module_file(name: str, folder: Path) -> Path | None:
    """The file of one of our modules, of the library or of this function's."""
    for root in (ROOT / "shared", folder):
        for file in (root / f"{name.replace('.', '/')}.py", root / name.replace(".", "/") / "__init__.py"):
            if file.is_file():
                return file
    return None


def imports(file: Path) -> Iterator[str]:
    """All that a file imports, as modules or as names in modules."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (it.name for it in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{it.name}" for it in node.names)


@cache
def files_of(folder: Path) -> frozenset[Path]:
    """Every file of ours that a function loads: what its main.py imports, and what that imports."""
    found: set[Path] = set()
    waiting = [folder / "main.py"]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [it for name in imports(file) if (it := module_file(name, folder)) is not None]
    return frozenset(found)


def names_in(files: frozenset[Path]) -> set[str]:
    """The names in Vault that stand in these files as strings of their own, and the hooks' pattern."""
    nodes = [node for it in files for node in ast.walk(ast.parse(it.read_text()))]
    strings = [it.value for it in nodes if isinstance(it, ast.Constant) and isinstance(it.value, str)]
    hooks = {HOOKS} if any(HOOK_READ in it.read_text() for it in files) else set()
    return hooks | {it for it in strings if NAME.fullmatch(it)}


def listed_for(consumer: str) -> set[str]:
    """The names that the registry gives to a consumer."""
    return {name for name, consumers in REGISTRY.items() if consumer in consumers}


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS, ids=lambda it: it.name)
def test_a_function_reads_just_what_it_is_listed_for(folder: Path) -> None:
    """By the names that stand in the files it loads: one that is not listed, or is listed in vain, is shown."""
    assert len(files_of(folder)) > 10
    assert names_in(files_of(folder)) == listed_for(folder.name)


def test_sql_reads_just_what_it_is_listed_for() -> None:
    """Each SQL function that reads a secret by its name is listed for it, and no other is."""
    readers: dict[str, set[str]] = {}
    for migration in MIGRATIONS:
        for name in re.findall(r"read_secret_v1\('(\w+)'\)", migration.read_text()):
            readers.setdefault(name, set()).add("ops." + migration.stem.partition("_function_")[2])
    listed = {name: {it for it in consumers if it.startswith("ops.")} for name, consumers in REGISTRY.items()}
    assert readers == {name: consumers for name, consumers in listed.items() if consumers}


def test_commands_read_just_what_they_are_listed_for() -> None:
    """The commands that open Vault are these; the relay's reads what socket-relay does, the others the bot token."""
    opening = {
        it for it in python_files("cli/") if re.search(r"(?<!class )\b(Token)?Vault\((?!Vault\))", it.read_text())
    }
    assert opening == {ROOT / it for it in COMMANDS}
    assert listed_for("pulser relay") == listed_for("socket-relay")
    assert listed_for("pulser doctor") == listed_for("pulser ledger verify") == {"slack_bot_token"}


def test_every_consumer_is_one_of_these() -> None:
    """A function, a SQL function, or a command: a name that was typed wrongly is none."""
    functions = {it.name for it in FUNCTION_FOLDERS}
    sql = {f"ops.{it.stem.partition('_function_')[2]}" for it in MIGRATIONS if "_function_" in it.stem}
    assert set().union(*REGISTRY.values()) <= functions | sql | set(COMMANDS.values())


def test_how_each_secret_is_changed_is_told() -> None:
    """docs/security.md has a row for each secret that somebody reads, and names the others."""
    told = (ROOT / "docs" / "security.md").read_text().partition("## Changing a secret")[2].partition("\n## ")[0]
    assert [name for name in REGISTRY if f"`{name.replace('*', '…')}`" not in told] == []
