"""Posts the canary that waits, once, says what Slack said, and takes the message of an older one away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from pulser.canary import message
from pulser.database import Database
from pulser.errors import DatabaseUnavailable, PulserError, SecretMissing, SlackError, SlackHeld
from pulser.slack import SlackApi

SETTLE_TRIES = 10
SETTLE_PAUSE = 0.5  # seconds between two tries to settle while the database is away

log = structlog.get_logger()


@dataclass(slots=True)
class Canary:
    """One at a time in a process. Whichever process is rung first has the canary: the ledger gives it once."""

    ledger: Database
    slack: SlackApi
    worker: str
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    def wake(self) -> asyncio.Task[None]:
        """See whether one waits, unless that is being done already: its cron job rings again."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send())
        return self._task

    async def _send(self) -> None:
        """Logs and never raises: a canary that is lost is only a measurement that failed."""
        try:
            claimed = await self.ledger.call("claim_canary_v1", {"worker": self.worker})
            if claimed is None:
                return
            outcome = await self._post(claimed)
            log.info("canary_posted" if "ts" in outcome else "canary_not_posted", **_ids(claimed), **outcome)
            await self._settle(claimed["canary_id"], outcome)
            if claimed["previous"]:
                await self._tidy(claimed["previous"])
        except PulserError as error:
            log.warning("canary_given_up", error=str(error))
        except Exception:  # the boundary of a run
            log.exception("canary_failed")

    async def _post(self, claimed: Mapping[str, Any]) -> dict[str, Any]:
        """What settle_canary_v1 takes. Slack is asked once, whatever comes of it."""
        said = message(claimed["canary_id"], claimed["asked_at"])
        try:
            answer = await self.slack.call("chat.postMessage", channel=claimed["channel"], **said)
        except SlackHeld as error:
            return {"reason": error.reason, "error": str(error), "hold_s": error.retry_after}
        except SlackError as error:
            return {"reason": error.reason, "error": str(error)}
        except SecretMissing as error:
            return {"reason": "token_missing", "error": str(error)}
        except PulserError as error:
            return {"reason": "vault_unavailable", "error": str(error)}
        match answer:
            case {"channel": str(channel), "ts": str(ts)}:
                return {"channel": channel, "ts": ts}
        return {"reason": "unreadable_answer", "error": "Slack's ok says not where the message stands"}

    async def _settle(self, canary_id: str, outcome: Mapping[str, Any]) -> None:
        for left in reversed(range(SETTLE_TRIES)):
            try:
                await self.ledger.call("settle_canary_v1", {"canary_id": canary_id, "outcome": dict(outcome)})
            except DatabaseUnavailable:
                if not left:
                    raise
                await asyncio.sleep(SETTLE_PAUSE)
            else:
                return

    async def _tidy(self, older: Mapping[str, str]) -> None:
        """Once: a message that stays is no harm."""
        try:
            await self.slack.call("chat.delete", channel=older["channel"], ts=older["ts"])
        except PulserError as error:
            log.info("canary_stays", ts=older["ts"], error=str(error))


def _ids(claimed: Mapping[str, Any]) -> dict[str, Any]:
    return {"canary_id": claimed["canary_id"], "to": claimed["channel"]}
