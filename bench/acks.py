"""How soon Slack has its ack and people their answer: clicks at a steady rate, then commands, on everything at once.

make bench            20 s at 200 clicks a second
make bench-quick      3 s
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from pulser_local.slack.interactions.story import Interaction
from tests.acceptance.people import at_a_rate, workplace

CLICKS_PER_SECOND = 200.0
COMMANDS_PER_SECOND = 10.0
ALERTS = 8
OUTPUT = Path("build/bench-acks.json")


async def main(seconds: float) -> dict[str, Any]:
    """Measure for so many seconds; the figures in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="pulser-bench-") as folder:
        async with workplace(Path(folder), rate_limit=False) as place:
            kinds = ("error_rate.exceeded", "ci.failed", "task.failed")
            alerts = await asyncio.gather(*(place.alert(kinds[number % 3]) for number in range(ALERTS)))
            clicks = [
                place.click(alerts[number % ALERTS], "U0ALICE") for number in range(int(seconds * CLICKS_PER_SECOND))
            ]
            pressed = await at_a_rate(CLICKS_PER_SECOND, clicks)
            await place.settled(limit=120)
            words = ("status", "health", "help")
            commands = [
                place.simulator.command("/pulser", words[number % 3])
                for number in range(int(seconds * COMMANDS_PER_SECOND))
            ]
            typed = await at_a_rate(COMMANDS_PER_SECOND, commands)
    return {
        "clicks_per_second": CLICKS_PER_SECOND,
        "clicks": figures(pressed),
        "commands_per_second": COMMANDS_PER_SECOND,
        "commands": figures(typed),
    }


def figures(done: Sequence[Interaction]) -> dict[str, float]:
    """Count, failures and the times to the ack; a command's answer is in its ack."""
    times = sorted(one.acked_after * 1000 for one in done if one.acked_after is not None)
    cuts = quantiles(times, n=100, method="inclusive")
    named = {"p50_ms": cuts[49], "p95_ms": cuts[94], "p99_ms": cuts[98], "max_ms": times[-1]}
    failed = sum(one.outcome != "acked" for one in done)
    return {"count": len(done), "not_acked": failed} | {name: round(value, 1) for name, value in named.items()}


if __name__ == "__main__":
    measured = asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(measured, indent=2) + "\n")
    print(json.dumps(measured, indent=2))  # noqa: T201  # it is what one runs it for
