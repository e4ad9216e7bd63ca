from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pulser.database import Database

DEMO_SERVICES = Path(__file__).parent / "demo_services.yaml"


def demo_services(local_hook_url: str) -> list[dict[str, Any]]:
    """The sample services of the laptop, deployed by the hook at this address."""
    text = DEMO_SERVICES.read_text(encoding="utf-8").replace("{local_hook_url}", local_hook_url)
    services: list[dict[str, Any]] = yaml.safe_load(text)["services"]
    return services


async def apply_first_services(database: Database, services: Sequence[Mapping[str, Any]], *, own: bool) -> str:
    """Put services into a database that has none of its own yet; says what was done. `own`: as for the routes."""
    if not services:
        return "none given"
    if not own and await database.call("list_services_v1"):
        return "kept as they are in this database"
    await database.call("apply_services_v1", {"services": [dict(service) for service in services]})
    return f"{len(services)} applied"
