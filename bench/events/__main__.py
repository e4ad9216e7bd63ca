"""python -m bench.events [--quick]: writes build/bench/events.json."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.events.burst import burst
from bench.events.load import at_rate
from bench.events.world import World, world
from bench.figures import medians
from bench.results import FOLDER, write

TAIL = 1_500  # characters of what `pulser dev` said last, where something failed
REST = 4.5  # seconds after which nobody is awake any more
PAUSE = (
    1.2  # seconds: pg_net sleeps for one after a batch, and no chain is to begin in the sleep that the other has left
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of it: (events a second, seconds), each in so many rounds."""

    rounds: int = 3
    rates: tuple[tuple[float, float], ...] = ((1.0, 8.0), (10.0, 5.0), (100.0, 4.0))
    from_rest: int = 3  # events, each when nobody is awake
    burst: int = 10_000


QUICK = Plan(rounds=1, rates=((20.0, 0.5),), from_rest=0, burst=200)


async def run(plan: Plan, folder: Path) -> tuple[dict[str, Any], str]:
    """pulser and the floor in turns."""
    async with world(folder) as made:
        version = str(await made.sql.fetchval("show server_version"))
        await asyncio.gather(at_rate(made, made.append, 2, 1.0))  # what is made at the first event
        await at_rate(made, made.append_floor, 2, 1.0)
        runs = await _rounds(made, plan)
        figures: dict[str, Any] = {
            who: {rate: medians(those) for rate, those in rates.items()} for who, rates in runs.items()
        }
        figures["burst"] = await burst(made, plan.burst)
    return figures | {"rounds": plan.rounds, "runs": runs}, version


async def _rounds(made: World, plan: Plan) -> dict[str, dict[str, list[dict[str, Any]]]]:
    ways = {"pulser": made.append, "floor": made.append_floor}
    runs: dict[str, defaultdict[str, list[dict[str, Any]]]] = {who: defaultdict(list) for who in ways}
    for _ in range(plan.rounds):
        for rate, seconds in plan.rates:
            for who, append in ways.items():
                await asyncio.sleep(PAUSE)
                runs[who][f"{rate:g}"].append(await at_rate(made, append, rate, seconds))
    for who, append in ways.items():
        if plan.from_rest:
            await asyncio.sleep(REST)
            runs[who]["from rest"].append(await at_rate(made, append, 1 / REST, plan.from_rest * REST))
    return {who: dict(rates) for who, rates in runs.items()}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.events", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="pulser-bench-") as folder:
        try:
            figures, version = asyncio.run(run(QUICK if quick else Plan(), Path(folder)))
        except Exception:
            said = Path(folder) / "stderr.txt"  # of `pulser dev`: it is gone with the folder
            if said.exists():
                sys.stderr.write(said.read_text(errors="replace")[-TAIL:])
            raise
    FOLDER.mkdir(parents=True, exist_ok=True)
    write("events", figures, postgres=version, quick=quick)


if __name__ == "__main__":
    main()
