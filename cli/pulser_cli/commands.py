"""The commands of `pulser`, each imported when it is wanted: to import them all takes longer than most of them do."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

# Under which heading of the help each stands, in its order, and where it is.
PANELS = {
    "On this machine": {"dev": "pulser_cli.dev:dev", "demo": "pulser_cli.demo:demo"},
    "An installation": {"setup": "pulser_cli.setup.command:setup", "doctor": "pulser_cli.doctor.command:doctor"},
    "Slack": {
        "manifest": "pulser_cli.manifest:manifest",
        "relay": "pulser_cli.relay:app",
        "canary": "pulser_cli.canary:app",
    },
    "Events and messages": {
        "emit": "pulser_cli.emit:emit",
        "preview": "pulser_cli.preview:preview",
        "replay": "pulser_cli.replay.command:replay",
        "why": "pulser_cli.why:why",
        "ledger": "pulser_cli.ledger:app",
        "routes": "pulser_cli.routes:app",
        "services": "pulser_cli.services:app",
        "silences": "pulser_cli.silences:app",
    },
}
_PLACES = {name: (panel, where) for panel, commands in PANELS.items() for name, where in commands.items()}


class Commands(Mapping[str, Any]):
    """Typer's commands by their names; one that is asked for is imported first."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401  Typer keeps the class of its commands to itself
        if name not in self._made:
            self._made[name] = _made(name, *_PLACES[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


def _made(name: str, panel: str, where: str) -> Any:  # noqa: ANN401  as above
    """The command, as Typer makes it for an app that has no other one."""
    alone = typer.Typer()
    alone.callback()(lambda: None)  # with one command and no callback it would be no group
    found = pkgutil.resolve_name(where)
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=name, rich_help_panel=panel)
    else:
        alone.command(name, rich_help_panel=panel)(found)
    group = get_command(alone)
    if not isinstance(group, TyperGroup):
        raise TypeError(f"Typer made no group for {name}")
    return group.commands[name]
