"""What must not stand in the repository: addresses of registries, secrets, SQL in what is deployed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from pulser.logs import redacted
from tests.repository.tree import MIGRATIONS, ROOT, name_of, python_files, tracked

# Put together here, so that this file does not name them either.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("apt", "postgresql", "org"),
        ("proxy", "golang", "org"),
        ("static", "crates", "io"),
        ("repo1", "maven", "org"),
        ("rubygems", "org"),
        ("registry", "docker", "io"),
        ("conda", "anaconda", "org"),
    )
]
VAULT_NAMES = [
    *("slack_bot_token", "slack_app_token", "slack_signing_secret", "slack_client_secret", "slack_refresh_token"),
    *("slack_signing_secret_previous", "pulser_functions_url", "pulser_function_key", "pulser_button_key"),
]
HOOK_NAMES = "pulser_hook_*"  # a secret for each deploy hook; who installs pulser names them
PINNED = re.compile(r"[a-z0-9][a-z0-9._-]*==[0-9][0-9a-z.+!-]*( ; [^#]+)?")
SQL = re.compile(
    r"\bselect\b.*\bfrom\b|^\s*select\s+\S+[.(]|\binsert\s+into\b|\bupdate\b.*\bset\b|\bdelete\s+from\b", re.I | re.S
)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is each machine's own setting: no file in git names a host of them."""
    hosts = re.compile("|".join(map(re.escape, REGISTRY_HOSTS)))
    assert [name_of(it) for it in tracked() if hosts.search(_text(it))] == []


def test_requirements_are_names_with_versions() -> None:
    """The locked requirements are name==version lines with optional markers: no addresses, no options."""
    files = sorted(ROOT.glob("requirements*.txt"))
    lines = [(it.name, line) for it in files for line in it.read_text().splitlines()]
    assert len(files) == 2
    assert [it for it in lines if not PINNED.fullmatch(it[1])] == []


def test_the_lock_of_npm_holds_no_address() -> None:
    """Versions and checksums: npm asks the registry that the machine has."""
    lock = (ROOT / "tests" / "platform" / "package-lock.json").read_text()
    assert '"integrity"' in lock
    assert "://" not in lock


def test_the_tools_fit_what_is_deployed() -> None:
    """A package that stands in both requirements has one version."""
    locked, tools = (
        dict(line.partition(" ;")[0].split("==") for line in (ROOT / name).read_text().splitlines())
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert {name for name in locked.keys() & tools.keys() if locked[name] != tools[name]} == set()


def _docstrings(tree: ast.AST) -> set[ast.AST]:
    bodies = [
        it.body
        for it in ast.walk(tree)
        if isinstance(it, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return {it[0].value for it in bodies if it and isinstance(it[0], ast.Expr)}


def _strings(path: Path) -> Iterator[str]:
    """The strings of a Python file that are no docstrings; an f-string is one, with … for its values."""
    tree = ast.parse(path.read_text())
    passed = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed |= set(node.values)
            yield "".join(str(it.value) if isinstance(it, ast.Constant) else "…" for it in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in passed:
            yield node.value


def test_what_is_deployed_holds_one_statement_of_sql() -> None:
    """Python calls named SQL functions: the only statement is the call, in database.py."""
    found = [
        (name_of(it), text) for it in python_files("shared/", "functions/") for text in _strings(it) if SQL.search(text)
    ]
    assert found == [("shared/pulser/database.py", "select ops.…(…)")]


def test_the_registry_of_secrets_has_the_names_of_the_contract() -> None:
    """ssot/secrets/registry.yaml lists just the names that the contract fixes, and the hooks' pattern."""
    registry = yaml.safe_load((ROOT / "ssot" / "secrets" / "registry.yaml").read_text())
    assert sorted(it["name"] for it in registry["secrets"]) == sorted([*VAULT_NAMES, HOOK_NAMES])


def test_the_registry_of_secrets_holds_names_only() -> None:
    """An entry has a name, a purpose and its consumers, and nothing like a value."""
    registry = yaml.safe_load((ROOT / "ssot" / "secrets" / "registry.yaml").read_text())
    assert {frozenset(it) for it in registry["secrets"]} == {frozenset({"name", "purpose", "consumers"})}
    assert redacted(registry) == registry


def test_vault_is_open_for_the_names_of_the_contract() -> None:
    """The two SQL functions that touch Vault know just the names that the contract fixes, and the hooks' pattern."""
    for function in ("read_secret_v1", "store_secret_v1"):
        (migration,) = [it for it in MIGRATIONS if it.stem.endswith(f"_function_{function}")]
        (names,) = re.findall(r"name (?:not )?in \(([^)]*)\)", migration.read_text())
        assert sorted(re.findall(r"'(\w+)'", names)) == sorted(VAULT_NAMES)
        assert re.findall(r"name !?~ '(.*)'", migration.read_text()) == ["^pulser_hook_[a-z0-9_]+$"]


def test_nothing_deployed_holds_a_secret_by_its_shape() -> None:
    """What a log would redact as a secret does not stand in shared/, functions/, supabase/ or ssot/."""
    folders = ("shared/", "functions/", "supabase/", "ssot/")
    files = [it for it in tracked() if name_of(it).startswith(folders)]
    assert [name_of(it) for it in files if redacted(_text(it)) != _text(it)] == []
