"""A relay that is held up between the record and the ack: by whoever reads its log, for example."""

from __future__ import annotations

import time
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from tests.integration.socket_relay.conftest import Bench, eventually
from tests.integration.socket_relay.test_database_trouble import PACE_SOONER, SOONER

HELD_UP = 0.8  # seconds; the ack is due after 0.6


@pytest.fixture
def slow_log() -> Iterator[None]:
    """Whoever reads the log takes his time with one line."""
    before = structlog.get_config()

    def wait(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
        if line["event"] == "envelope_recorded":
            time.sleep(HELD_UP)
        return line

    structlog.configure(processors=[wait, *before["processors"]])
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("slow_log")
async def test_a_click_that_waited_for_the_log_is_neither_acknowledged_nor_run(bench: Bench) -> None:
    """It is recorded in time, but its ack would be late: Slack may have told its user that it failed, so it did."""
    bench.slack.sockets.settings.ack_seconds = 1.0
    async with bench.relay(timing=SOONER, pace=PACE_SOONER):
        click = await bench.click()
        await eventually(lambda: _is_expired(bench))
        assert (click.outcome, bench.acked(click.envelope_id)) == ("timeout", [])
    assert bench.handlers.rings == []


async def _is_expired(bench: Bench) -> bool:
    return any(it["status"] == "failed" and "expired" in str(it["last_error"]) for it in await bench.envelopes())
