"""python -m bench [--quick] [--only PART]: each part in a process of its own, then the report of what they wrote.

A part that fails or takes too long does not keep the others from being measured; the exit code says that it failed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from rich.console import Console

from bench.report.__main__ import report
from bench.results import FOLDER


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is measured, and the seconds after which it is given up."""

    name: str
    module: str
    limit: float


# The longest first: what its machine does later matters least to it.
PARTS = (
    Part("envelopes", "bench.peers", 420.0),
    Part("events", "bench.events", 300.0),
    Part("starts", "bench.starts", 180.0),
    Part("acks", "bench.acks", 120.0),
    Part("growth", "bench.growth", 420.0),
)
QUICK_LIMIT = 150.0
TAIL = 3_000  # characters of what a part said that failed


async def measure(part: Part, console: Console, *, quick: bool) -> bool:
    """Run a part; whether it went well."""
    began = time.monotonic()
    command = [sys.executable, "-m", part.module, *(["--quick"] if quick else [])]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        async with asyncio.timeout(QUICK_LIMIT if quick else part.limit):
            said, _ = await process.communicate()
    except TimeoutError:
        said = b"it took too long"
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    went_well = process.returncode == 0
    console.print(f"{part.name:<10} {'measured' if went_well else 'FAILED'} in {time.monotonic() - began:.0f} s")
    if not went_well:
        console.print(said.decode(errors="replace")[-TAIL:], markup=False)
    return went_well


async def measure_all(parts: list[Part], console: Console, *, quick: bool) -> bool:
    """One after the other, each once more when it failed: ten minutes are not lost for one. Quick ones at once."""
    if quick:
        return all(await asyncio.gather(*(measure(it, console, quick=True) for it in parts)))
    return all([await measure(it, console, quick=False) or await measure(it, console, quick=False) for it in parts])


def main() -> int:
    """0 when all parts were measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="whether all of it runs, no more")
    parser.add_argument(
        "--only", action="append", choices=[it.name for it in PARTS], help="this part (again: and this)"
    )
    given = parser.parse_args()
    console = Console()
    FOLDER.mkdir(parents=True, exist_ok=True)
    parts = [it for it in PARTS if given.only is None or it.name in given.only]
    went_well = asyncio.run(measure_all(parts, console, quick=given.quick))
    # A quick run's figures say nothing: the report is made, and not where people read it.
    console.print(f"written: {report(FOLDER / 'quick' if given.quick else None)}")
    return 0 if went_well else 1


if __name__ == "__main__":
    sys.exit(main())
