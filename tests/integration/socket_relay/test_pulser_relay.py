"""`pulser relay` as a user starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.integration.socket_relay.conftest import KEY, Bench, eventually

COMMAND = [sys.executable, "-c", "from pulser_cli.entry import run; run()", "relay"]


@asynccontextmanager
async def pulser_relay(bench: Bench, *options: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, ended and waited for after the block."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("SUPABASE_", "SLACK_"))}
    given = [*options, "--database-url", bench.url, "--slack-api-url", bench.slack.api_url]
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *given,
        env=own | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_it_serves_until_sigterm(bench: Bench) -> None:
    """Two connections, a command is answered; SIGTERM ends it within ten seconds with 0, and its leases."""
    async with pulser_relay(bench, "--functions-url", bench.handlers.url) as process:
        await eventually(lambda: len(bench.slack.sockets.live) == 2)
        assert (await bench.command()).ack_payload == bench.handlers.ack
        stopped_at = time.monotonic()
        process.send_signal(signal.SIGTERM)
        said, _ = await process.communicate()
        assert (process.returncode, time.monotonic() - stopped_at <= 10.0) == (0, True)
    assert len(await bench.rows("state <> 'ended'")) == 0
    assert bench.slack.app_token not in said.decode()
    assert KEY not in said.decode()


async def test_a_killed_relay_is_replaced_within_30_seconds(bench: Bench) -> None:
    """kill -9: nobody ends its leases; a relay that waits has them when they run out, and what was recorded is safe."""
    async with pulser_relay(bench, "--functions-url", bench.handlers.url) as process:
        await eventually(lambda: _both_live(bench))
        async with bench.relay(live=0) as waiting:
            assert (await bench.mention()).outcome == "acked"
            process.kill()
            async with asyncio.timeout(30):
                while len(waiting.roster.alive()) < 2:  # noqa: ASYNC110  it polls
                    await asyncio.sleep(0.05)
            assert (await bench.command()).outcome == "acked"
    # The first one was acknowledged just before the kill: perhaps its handler was not rung, then the sweep does it.
    assert [it["status"] in ("pending", "completed") for it in await bench.envelopes()] == [True, True]


async def _both_live(bench: Bench) -> bool:
    return len(await bench.rows("state = 'live'")) == 2


async def test_tokens_of_the_environment_come_first(bench: Bench) -> None:
    """With SLACK_APP_TOKEN and SLACK_BOT_TOKEN in its environment it needs none in Vault."""
    await bench.sql.execute("delete from vault.secrets where name in ('slack_app_token', 'slack_bot_token')")
    tokens = {"SLACK_APP_TOKEN": bench.slack.app_token, "SLACK_BOT_TOKEN": bench.slack.bot_token}
    async with pulser_relay(bench, "--functions-url", bench.handlers.url, **tokens):
        await eventually(lambda: len(bench.slack.sockets.live) == 2)


async def test_an_address_that_is_none_is_refused(bench: Bench) -> None:
    """A functions URL without http is a mistake of usage, told in a line."""
    async with pulser_relay(bench, "--functions-url", "localhost:54321") as process:
        said, _ = await process.communicate()
    assert (process.returncode, b"--functions-url must begin with" in said) == (2, True)
