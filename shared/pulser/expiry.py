"""Slack has told a person that a click or command failed: the ledger is told, so that it does not happen after all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from pulser.database import Database
from pulser.envelope import Envelope
from pulser.errors import PulserError

log = structlog.get_logger()


async def expire(  # noqa: PLR0913  each is a limit of its caller
    ledger: Database,
    envelope: Envelope,
    worker: str,
    *,
    within: float,
    pause: float,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """End an envelope before anybody runs it; whether that came in time. False, too, when the ledger stays away.

    It is told again every `pause` seconds, for `within` seconds at most.
    """
    key = {"team_id": envelope.team_id, "envelope_id": envelope.envelope_id}
    give_up_at = clock() + within
    while clock() < give_up_at:
        try:
            told = await ledger.call("expire_envelopes_v1", {"envelopes": [key], "worker": worker})
        except PulserError as error:
            log.warning("envelope_not_expired_yet", **key, error=str(error))
            await asyncio.sleep(pause)
        else:
            log.warning("envelope_expired", **key, expired=told["expired"])
            return bool(told["expired"])
    return False
