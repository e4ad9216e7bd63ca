"""python -m bench.peers [--quick]: writes build/bench/envelopes.json."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import medians
from bench.peers.load import Meter, as_many, at_rate
from bench.peers.trouble import half_open, refresh
from bench.peers.world import PEERS, Peer, Store, peer, store
from bench.processes import taken
from bench.results import FOLDER, write


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of it."""

    rounds: int = 3
    rates: tuple[int, ...] = (50, 200, 500, 1000)
    seconds: float = 2.5
    trouble: bool = True


QUICK = Plan(rounds=1, rates=(50,), seconds=0.6, trouble=False)


async def run(plan: Plan, folder: Path) -> tuple[dict[str, Any], str]:
    """The figures of all peers, in turns: what slows the machine down for a while meets each of them."""
    runs: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    async with store(folder / "postgres") as kept:
        for _ in range(plan.rounds):
            for name in PEERS:
                async with peer(name, kept, FOLDER / f"{name}.log") as one:
                    runs[name].append(await _measured(one, kept, plan))
        figures = {name: medians(those) for name, those in runs.items()}
        if plan.trouble:
            for name in PEERS:
                async with peer(name, kept, FOLDER / f"{name}.log") as one:
                    figures[name]["refresh"] = await refresh(one)
            # At once: they do nothing but wait.
            troubled = await asyncio.gather(*(_half_open(kept, name) for name in PEERS))
            for name, found in zip(PEERS, troubled, strict=True):
                figures[name]["half_open"] = found
    return {"rounds": plan.rounds, "seconds": plan.seconds, "peers": figures, "runs": runs}, kept.version


async def _measured(one: Peer, kept: Store, plan: Plan) -> dict[str, Any]:
    await at_rate(one.slack, 100, min(1.0, plan.seconds))  # what is made at the first envelope
    found: dict[str, Any] = {}
    meter = Meter(one, kept)
    for rate in plan.rates:
        meter.begin()
        found[str(rate)] = meter.figures(await at_rate(one.slack, rate, plan.seconds))
    meter.begin()
    found["as_many"] = meter.figures(await as_many(one.slack, plan.seconds))
    process = taken(one.process.pid)
    return found | {"peak_mb": round(process.peak_mb, 1)}


async def _half_open(kept: Store, name: str) -> dict[str, Any]:
    async with peer(name, kept, FOLDER / f"{name}.log") as one:
        return await half_open(one)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pulser-bench-", dir=FOLDER) as folder:
        Path(folder).chmod(0o711)  # the server's user is another one, where we are root
        figures, version = asyncio.run(run(QUICK if quick else Plan(), Path(folder).resolve()))
    write("envelopes", figures, postgres=version, quick=quick)


if __name__ == "__main__":
    main()
