"""Options that several commands have: those that describe an event, and which pulser.yaml is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

EventType = Annotated[str, typer.Argument(help="<thing>.<what happened>, such as deploy.failed.")]
Service = Annotated[str | None, typer.Option(help="In the payload.", show_default=False)]
Environment = Annotated[str | None, typer.Option(help="In the payload.", show_default=False)]
Severity = Annotated[
    Literal["info", "warning", "error", "critical"] | None, typer.Option(help="In the payload.", show_default=False)
]
Title = Annotated[str | None, typer.Option(help="In the payload.", show_default=False)]
Payload = Annotated[
    str | None, typer.Option(metavar="JSON|@FILE", help="The rest of the payload; any JSON.", show_default=False)
]
Actor = Annotated[str | None, typer.Option(help="Who did it; you, if not given.", show_default=False)]
PulserYaml = Annotated[
    Path | None,
    typer.Option("--file", "-f", help="Instead of ssot/integrations/slack/pulser.yaml.", show_default=False),
]
