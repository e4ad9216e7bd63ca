"""An ack has gone without the answer that belonged into it: the ledger is told to owe it as a private one."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import structlog

from pulser.database import Database
from pulser.envelope import Envelope
from pulser.errors import PulserError

log = structlog.get_logger()


async def owe(ledger: Database, envelope: Envelope, late: dict[str, Any], *, within: float, pause: float) -> bool:
    """Whether the ledger knows. It is told again every `pause` seconds while it is away, for `within` at most."""
    key = {"team_id": envelope.team_id, "envelope_id": envelope.envelope_id}
    give_up_at = time.monotonic() + within
    while time.monotonic() < give_up_at:
        try:
            await ledger.call("owe_late_reply_v1", {**key, "reply": late})
        except PulserError as error:
            log.warning("late_answer_not_owed_yet", **key, error=str(error))
            await asyncio.sleep(pause)
        else:
            return True
    return False
