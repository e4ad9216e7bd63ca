"""Clicks and commands that failed for who made them, though the ledger may have them: they are not run."""

from __future__ import annotations

from dataclasses import dataclass

from pulser.database import Database
from pulser.envelope import Envelope
from pulser.errors import DatabaseUnavailable, PulserError
from pulser.expiry import expire
from pulser.handling_work import Work

ANSWER_WITHIN = 2.5  # seconds, of the three that Slack waits for the answer to its own request
KEEP_AT_IT = 20.0  # seconds in which the ledger is told, while it is away
PAUSE = 0.5  # seconds between two tries


def is_lost(envelope: Envelope, waited: float, error: PulserError | None = None) -> bool:
    """Whether Slack says to its user that it failed, and the ledger may hold it all the same.

    `waited`: seconds since it came. `error`: of the call that should have recorded it; a refusal recorded nothing.
    """
    if envelope.is_retried_by_slack:
        return False
    return isinstance(error, DatabaseUnavailable) if error is not None else waited > ANSWER_WITHIN


@dataclass(frozen=True, slots=True)
class Late:
    """Tells the ledger, and then who waits in vain."""

    ledger: Database
    work: Work

    async def expire(self, envelope: Envelope) -> None:
        """End it before anybody runs it, and send the note that the ledger has then."""
        if await expire(self.ledger, envelope, self.work.worker, within=KEEP_AT_IT, pause=PAUSE):
            await self.work.reply({"team_id": envelope.team_id, "envelope_id": envelope.envelope_id})
