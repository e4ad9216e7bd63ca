"""Ten minutes of mixed load and random faults, then the question whether anything is lost, double or wrong.

make soak             ten minutes; SEED=… for the same choices again
make soak-quick       one minute
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import secrets
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from bench.soak.faults import Injector
from bench.soak.figures import counts, latencies, reasons
from bench.soak.ledger import Ledger, still_open
from bench.soak.load import Load
from bench.soak.outcome import Outcome
from bench.soak.own_faults import OWN, calm
from bench.soak.plot import draw
from bench.soak.shown import show
from bench.soak.slack_faults import SLACK
from bench.soak.socket_faults import SOCKETS
from bench.soak.stack import Stack, stack
from bench.soak.verdict import Seen, judge
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_cli.reconciling import reconcile

OUTPUT = Path("build/soak")
KINDS = (*OWN, *SLACK, *SOCKETS)
PATIENCE = 240.0  # seconds at most; what backs off looks again within a minute, and twice in vain is still well
RETRIES = (0.0, 5.0, 15.0)  # seconds after which Slack sends an event again; in earnest 0, 60 and 300


@dataclass(frozen=True, slots=True)
class Soak:
    """One run: load, faults, calm, settle, judge. `period`: seconds between two faults, on average."""

    seconds: float
    period: float
    seed: int

    async def run(self) -> Outcome:
        """What came of it. The ledger is left in ledger.json, and what the processes said in run/."""
        async with stack(_empty(OUTPUT / "run")) as up:
            up.simulator.sockets.settings.retry_after = RETRIES
            load = Load(up, random.Random(f"load {self.seed}"))  # noqa: S311  it chooses what people do
            injector = Injector(up, KINDS, random.Random(f"faults {self.seed}"), self.period)  # noqa: S311  and what fails
            began = time.time()
            async with asyncio.TaskGroup() as group:
                group.create_task(injector.run(self.seconds))
                group.create_task(load.run(self.seconds))
            await calm(up)
            settling = Settling(up)
            await load.watched(settling.run())
            return await self._look(up, load, injector, settling, began=began)

    async def _look(self, up: Stack, load: Load, injector: Injector, settling: Settling, *, began: float) -> Outcome:
        slack = SlackApi(Vault(up.ledger), up.simulator.api_url)
        try:
            report = await reconcile(up.ledger, slack)
        finally:
            await slack.close()
        ledger = await Ledger.read(up)
        (OUTPUT / "ledger.json").write_text(json.dumps(asdict(ledger), ensure_ascii=False))
        seen = Seen(up.simulator.story.interactions, up.simulator.sockets.acks, up.deployer.taken)
        return Outcome(
            seed=self.seed,
            began=began,
            seconds=self.seconds,
            settled_after=settling.took,
            slowest_insert=load.slowest_insert,
            counts=counts(ledger, report, seen, load.crowd.deeds),
            times=latencies(ledger, seen, load.crowd.changes),
            strikes=sorted(injector.strikes, key=lambda it: it.began),
            faults=injector.counts(),
            given_up=dict(reasons(ledger)),
            deploys=load.deploys.completed,
            deploys_given_up=load.deploys.given_up,
            verdict=judge(ledger, report, seen, settling.left),
        )


@dataclass(slots=True)
class Settling:
    """Waiting until nothing is left to do. `left`: what is, as JSON; `took` seconds."""

    up: Stack
    left: str = ""
    took: float = 0.0

    async def run(self) -> None:
        """Look until there is nothing, or patience is at its end."""
        began = time.monotonic()
        while self.left != "{}" and self.took < PATIENCE:
            await asyncio.sleep(0.5 if self.left else 0.0)
            self.left = await still_open(self.up)
            self.took = time.monotonic() - began


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder.resolve()


def main() -> int:
    """0 when nothing is lost, double or wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--period", type=float, default=3.5, help="seconds between two faults, on average")
    parser.add_argument("--seed", type=int, default=None, help="for the same choices again")
    given = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    console = Console()
    console.print(f"soak: seed {seed}, {given.seconds:.0f} s of load, a fault about every {given.period:.1f} s …")
    done = asyncio.run(Soak(given.seconds, given.period, seed).run())
    (OUTPUT / "figures.json").write_text(json.dumps(done.to_json(), indent=2, ensure_ascii=False) + "\n")
    draw(done, OUTPUT)
    show(done.to_json(), console)
    return 0 if done.verdict.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
