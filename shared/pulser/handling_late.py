"""Clicks and commands that failed for who made them, though the ledger may have them: they are not run."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import structlog

from pulser.database import Database
from pulser.envelope import Envelope
from pulser.errors import DatabaseUnavailable, PulserError
from pulser.handling_work import Work

ACK_WITHIN = 2.5  # seconds after receipt; an answer that leaves later comes after Slack's three
KEEP_AT_IT = 20.0  # seconds in which the ledger is told, while it is away
PAUSE = 0.5  # seconds between two tries

log = structlog.get_logger()


def is_lost(envelope: Envelope, waited: float, error: PulserError | None = None) -> bool:
    """Whether Slack says to its user that it failed, and the ledger may hold it all the same.

    `waited`: seconds since it came. `error`: of the call that should have recorded it; a refusal recorded nothing.
    """
    if envelope.is_retried_by_slack:
        return False
    return isinstance(error, DatabaseUnavailable) if error is not None else waited > ACK_WITHIN


@dataclass(frozen=True, slots=True)
class Late:
    """Tells the ledger, and then who waits in vain."""

    ledger: Database
    work: Work

    async def expire(self, envelope: Envelope) -> None:
        """End it before anybody runs it, and send the note that the ledger has then."""
        key = {"team_id": envelope.team_id, "envelope_id": envelope.envelope_id}
        give_up_at = time.monotonic() + KEEP_AT_IT
        while time.monotonic() < give_up_at:
            try:
                told = await self.ledger.call("expire_envelopes_v1", {"envelopes": [key], "worker": self.work.worker})
            except PulserError as error:
                log.warning("envelope_not_expired_yet", **key, error=str(error))
                await asyncio.sleep(PAUSE)
            else:
                log.warning("envelope_expired", **key, expired=told["expired"])
                if told["expired"]:
                    await self.work.reply(key)
                return
