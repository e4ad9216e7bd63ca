"""The events of the soak: all types that a platform writes, odd ones, and payloads that mean no good."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pulser_local.demo_events import DEMO_EVENTS

HOSTILE_SHARE = 0.12
ODD_TYPES = ("backup.finished", "Weird Type with spaces", "x" * 300, "", "deploy.", ".failed", "ci.failed\n<!channel>")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event as it is inserted. `payload` is JSON text, None is SQL's null."""

    event_type: str
    payload: str | None
    status: str = "ok"
    actor: str | None = "soak"
    target: str | None = None


def hostile_payloads() -> tuple[str | None, ...]:
    """Payloads that are no objects, that are too large, and texts that want to be more than texts."""
    texts: tuple[Any, ...] = (
        "only a string",
        42,
        [],
        [{"title": "in a list"}],
        {"title": "<!channel> <@U0BOB> <https://evil.example|click me> &lt;!here&gt;"},
        {"service": "api", "title": "t" * 20_000, "summary": "```\n" * 3_000},
        {"service": {"name": "api"}, "severity": 7, "title": ["a", "b"], "duration_s": "long", "url": 1},
        {"service": "api", "title": "\u202etfel ot thgir\u202c \u0007\u0001 \ufeff", "summary": "*_~`>" * 400},
        {"service": "api", "title": "a link", "url": "javascript:alert(1)", "environment": "production"},
        {"service": "🛰️" * 200, "title": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 " * 50, "severity": "CRITICAL"},
        {"severity": "critical", "error_rate": 1e308, "threshold": -0.0, "window": {}, "fingerprint": None},
        {f"key {number}": "value " * 20 for number in range(300)},
    )
    return (None, "null", _nested(60), *(json.dumps(text) for text in texts))


def events(chance: random.Random) -> Iterator[NewEvent]:
    """One after the other, without end."""
    hostile = hostile_payloads()
    number = 0
    while True:
        number += 1
        kind = chance.choice(DEMO_EVENTS)
        if chance.random() < HOSTILE_SHARE:
            event_type = chance.choice((kind.event_type, kind.event_type, chance.choice(ODD_TYPES)))
            yield NewEvent(event_type, chance.choice(hostile), chance.choice(("ok", "error")))
            continue
        # Of the deploys of the services that people deploy here, the deployer tells alone: its words move their cards.
        service = f"{kind.payload['service']}-{chance.randrange(6)}"
        payload = {**kind.payload, "service": service, "title": f"{kind.payload['title']} (number {number})"}
        yield NewEvent(kind.event_type, json.dumps(payload), kind.status, kind.actor, kind.target)


def _nested(depth: int) -> str:
    return '{"title": "deep", "more": ' + "[" * depth + "]" * depth + "}"
