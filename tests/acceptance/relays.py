"""`pulser relay` as a process of its own, beside the relay function of a `pulser dev`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.acceptance.people import Workplace
from tests.acceptance.stack import PULSER, environment


@asynccontextmanager
async def a_relay_of_its_own(place: Workplace, folder: Path) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """It is started again whenever it was killed; the one that runs is the last."""
    runs: list[asyncio.subprocess.Process] = []
    urls = ("--database-url", place.database_url, "--slack-api-url", place.simulator.api_url)

    async def keep() -> None:
        with (folder / "relay.txt").open("wb") as log:
            while True:
                process = await asyncio.create_subprocess_exec(
                    *(str(PULSER), "relay", *urls, "--functions-url", place.functions_url),
                    cwd=folder, env=environment(), stdout=log, stderr=log,
                )  # fmt: skip
                runs.append(process)
                await process.wait()

    keeper = asyncio.create_task(keep())
    try:
        yield runs
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        if runs and runs[-1].returncode is None:
            runs[-1].send_signal(signal.SIGTERM)
            await asyncio.wait_for(runs[-1].wait(), timeout=15)
