from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_PORT = 54321  # the gateway's, as `supabase start` has it


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """What a local stack is made of. Port 0 means any free port; None of a URL means our own stand-in."""

    port: int = DEFAULT_PORT
    database_url: str | None = field(default=None, repr=False)
    slack_api_url: str | None = None
    routes: Sequence[Mapping[str, Any]] = ()  # none: the database keeps those it has
    services: Sequence[Mapping[str, Any]] = ()  # with the simulated workspace, the sample services come in addition
    canary: Mapping[str, Any] | None = None  # {"channel", "every_s"}; our embedded database is switched as it says
    reminders: Mapping[str, Any] | None = None  # None: the database keeps the times it has
    functions: Path = ROOT / "functions"
    data: Path | None = None  # of the embedded Postgres; None: a temporary folder
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackUrls:
    """Where the parts of a stack are reached; the names are those of the ready line (design, section 4)."""

    gateway_url: str
    database_url: str = field(repr=False)
    slack_api_url: str
    console_url: str
