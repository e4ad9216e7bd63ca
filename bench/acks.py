"""How soon Slack has its ack and people their answer: clicks at a steady rate, then commands, on everything at once.

python -m bench.acks [--quick]: 15 s at 200 clicks a second, and as long of commands; writes build/bench/acks.json.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figures import spread
from bench.results import write
from pulser_local.slack.interactions.story import Interaction
from tests.acceptance.people import at_a_rate, workplace

CLICKS_PER_SECOND = 200.0
COMMANDS_PER_SECOND = 10.0
ALERTS = 8
SECONDS, QUICK = 15.0, 1.0


async def run(seconds: float) -> dict[str, Any]:
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
    failed = sum(one.outcome != "acked" for one in done)
    return spread(one.acked_after for one in done if one.acked_after is not None) | {"not_acked": failed}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.acks", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    write("acks", asyncio.run(run(QUICK if quick else SECONDS)), quick=quick)


if __name__ == "__main__":
    main()
