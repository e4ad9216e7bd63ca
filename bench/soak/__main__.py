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
SETTLE = 240.0  # seconds at most; what backs off looks again within a minute, and twice in vain is still well
RETRIES = (0.0, 5.0, 15.0)  # seconds after which Slack sends an event again; in earnest 0, 60 and 300


async def soak(seconds: float, period: float, seed: int, console: Console) -> Outcome:
    """Load, faults, calm, settle, judge."""
    async with stack(_folder()) as up:
        up.simulator.sockets.settings.retry_after = RETRIES
        load = Load(up, random.Random(f"load {seed}"))  # noqa: S311  it chooses what people do
        injector = Injector(up, KINDS, random.Random(f"faults {seed}"), period)  # noqa: S311  it chooses what fails
        began = time.time()
        console.print(f"soak: seed {seed}, {seconds:.0f} s of load, a fault every {period:.1f} s …", highlight=False)
        async with asyncio.TaskGroup() as group:
            group.create_task(injector.run(seconds))
            group.create_task(load.run(seconds))
        await calm(up)
        calmed = time.monotonic()
        left: list[str] = []
        await load.watched(_settle(up, left))
        settled_after = time.monotonic() - calmed
        return await _looked_at(up, load, injector, (seed, began, seconds, settled_after), left[-1])


async def _settle(up: Stack, left: list[str]) -> None:
    ends_at = time.monotonic() + SETTLE
    while True:
        left.append(await still_open(up))
        if left[-1] == "{}" or time.monotonic() > ends_at:
            return
        await asyncio.sleep(0.5)


async def _looked_at(
    up: Stack, load: Load, injector: Injector, run: tuple[int, float, float, float], left: str
) -> Outcome:
    seed, began, seconds, settled_after = run
    slack = SlackApi(Vault(up.ledger), up.simulator.api_url)
    try:
        report = await reconcile(up.ledger, slack)
    finally:
        await slack.close()
    ledger = await Ledger.read(up)
    seen = Seen(up.simulator.story.interactions, up.simulator.sockets.acks, up.deployer.taken)
    strikes = sorted(injector.strikes, key=lambda it: it.began)
    return Outcome(
        seed=seed,
        began=began,
        seconds=seconds,
        settled_after=settled_after,
        counts=counts(ledger, report, seen, load.crowd.deeds),
        times=latencies(ledger, seen, load.crowd.changes),
        slowest_insert=load.slowest_insert,
        strikes=strikes,
        faults=injector.counts(),
        given_up=dict(reasons(ledger)),
        deploys=load.deploys.completed,
        deploys_given_up=load.deploys.given_up,
        verdict=judge(ledger, report, seen, left),
    )


def _folder() -> Path:
    """An empty one, in which the processes work and leave what they say."""
    folder = OUTPUT / "run"
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
    done = asyncio.run(soak(given.seconds, given.period, seed, console))
    (OUTPUT / "figures.json").write_text(json.dumps(done.to_json(), indent=2, ensure_ascii=False) + "\n")
    draw(done, OUTPUT)
    show(done.to_json(), console)
    return 0 if done.verdict.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
