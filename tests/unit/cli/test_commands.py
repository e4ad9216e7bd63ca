"""The commands by their names: each can be had, and brings none of the others with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pulser_cli.commands import PANELS, Commands

# What only those that run it all need: the half of what there is to import.
HEAVY = {"pulser_local.dev", "pulser_local.slack", "pulser_local.gateway"}
LOADED = "import sys; from pulser_cli.commands import Commands; Commands()[sys.argv[1]]; print(*sys.modules)"


@pytest.mark.parametrize("name", Commands())
def test_each_command_has_its_name_its_heading_and_a_help(name: str) -> None:
    """As `pulser --help` lists them."""
    (panel,) = [panel for panel, commands in PANELS.items() if name in commands]
    made = Commands()[name]
    assert (made.name, made.rich_help_panel) == (name, panel)
    assert made.help


def test_what_is_no_command_is_not_there() -> None:
    """Typer says so then, and what was perhaps meant."""
    assert Commands().get("legder") is None


@pytest.mark.parametrize("name", ["emit", "ledger", "relay", "why"])
def test_a_command_does_not_import_what_runs_it_all(name: str) -> None:
    """Whoever asks why at night does not wait for a simulated Slack."""
    loaded = subprocess.run([sys.executable, "-c", LOADED, name], check=True, capture_output=True, text=True).stdout
    assert HEAVY.isdisjoint(loaded.split())
    assert f"pulser_cli.{name}" in loaded.split()
