"""The canary of `pulser dev`: where the project's file names one, the simulated workspace has its channel and event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulser.canary import METADATA_TYPE
from pulser.database import Database
from pulser_local.slack import SlackSimulator

CHANNEL: Final = "#pulser-canary"  # where the file has an ID: the simulated workspace has channels of its own


def simulated(canary: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The canary as the simulated workspace can have it."""
    if canary is None:
        return None
    named = str(canary["channel"])
    return {**canary, "channel": named if named.startswith("#") else CHANNEL}


def welcome(simulator: SlackSimulator, canary: Mapping[str, Any] | None) -> None:
    """Make the canary's channel, and subscribe the app to its event."""
    told = simulated(canary)
    if told is None:
        return
    name = told["channel"].removeprefix("#")
    if simulator.workspace.find(name) is None:
        simulator.workspace.create_channel(name, topic="What goes out must come back", is_private=True)
    simulator.sockets.settings.metadata_events = (METADATA_TYPE,)


async def apply_canary(database: Database, canary: Mapping[str, Any] | None) -> None:
    """Switch the canary of our own database as the project's file has it."""
    told = canary or {"channel": None, "every_s": None}
    await database.call("apply_canary_v1", {**told, "actor": "pulser dev"})
