"""A function's README names all that it reads: each variable of its environment, and each secret in Vault."""

from __future__ import annotations

from pathlib import Path

import pytest

from notify_dispatch.settings import DispatchSettings
from pulser.settings import Settings
from socket_relay.settings import RelaySettings
from tests.repository.test_secrets_registry import HOOKS, listed_for
from tests.repository.tree import FUNCTION_FOLDERS

SETTINGS: dict[str, type[Settings]] = {"notify-dispatch": DispatchSettings, "socket-relay": RelaySettings}
UNUSED = {"socket-relay": {"pulser_drain_seconds"}}  # of all functions' settings, but it has a time of its own


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS, ids=lambda it: it.name)
def test_its_readme_names_its_environment(folder: Path) -> None:
    """Each variable by its name; what has a number or a word as its default, with it."""
    told = (folder / "README.md").read_text()
    fields = SETTINGS.get(folder.name, Settings).model_fields
    used = {name: it.default for name, it in fields.items() if name not in UNUSED.get(folder.name, set())}
    assert [name for name in used if f"`{name.upper()}`" not in told] == []
    defaults = {name: f"{it:g}" if isinstance(it, float) else str(it).rstrip("/") for name, it in used.items() if it}
    assert [name for name, default in defaults.items() if default not in told.partition("Environment:")[2]] == []


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS, ids=lambda it: it.name)
def test_its_readme_names_its_secrets(folder: Path) -> None:
    """Each name in Vault that the registry gives to it; of the hooks' the beginning."""
    told = (folder / "README.md").read_text().partition("Environment:")[2]
    names = {"pulser_hook_…" if it == HOOKS else it for it in listed_for(folder.name)}
    assert [it for it in names if f"`{it}`" not in told] == []


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS, ids=lambda it: it.name)
def test_its_readme_says_how_it_is_run_and_fails(folder: Path) -> None:
    """Alone, deployed, asked for its health, and with which statuses it refuses."""
    told = (folder / "README.md").read_text()
    wanted = [f"make function FN={folder.name}", f"make bundle FN={folder.name}", "?action=health", "401", "405", "500"]
    assert [it for it in [*wanted, "503"] if it not in told] == []
