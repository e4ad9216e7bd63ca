"""A relay that is held up between the record and the ack: by whoever reads the log of another envelope, for example."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from tests.integration.socket_relay.conftest import Bench, eventually
from tests.integration.socket_relay.test_database_trouble import PACE_SOONER, RECORD, SOONER, Troubles

HELD_UP = 0.8  # seconds; the ack is due after 0.6


@pytest.fixture
def slow_log() -> Iterator[None]:
    """Whoever reads the log takes his time with one line: the second that tells of an ack."""
    before = structlog.get_config()
    acked: list[str] = []

    def wait(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
        if line["event"] == "envelope_acked":
            acked.append(line["envelope_id"])
            time.sleep(HELD_UP if len(acked) == 2 else 0)
        return line

    structlog.configure(processors=[wait, *before["processors"]])
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("slow_log")
async def test_a_click_that_waited_for_the_log_is_neither_acknowledged_nor_run(bench: Bench) -> None:
    """It is recorded in time, but its ack would be late: Slack may have told its user that it failed, so it did."""
    troubles = Troubles()
    bench.slack.sockets.settings.ack_seconds = 2.0  # Slack here is held up by the same line
    async with bench.relay(database=troubles, timing=SOONER, pace=PACE_SOONER):
        troubles.database.slow[RECORD] = 0.2  # so that the second and the third wait, and are recorded together
        clicks = await asyncio.gather(*(bench.click() for _ in range(3)))
        await eventually(lambda: _is_expired(bench))
        (late,) = [it for it in clicks if it.outcome == "timeout"]
        await bench.settled(2)
    assert bench.acked(late.envelope_id) == []
    assert late.envelope_id not in bench.handlers.effects


async def _is_expired(bench: Bench) -> bool:
    return any(it["status"] == "failed" and "expired" in str(it["last_error"]) for it in await bench.envelopes())
