"""Whose envelopes these must be: the team of the bot token, asked of Slack (auth.test), never a constant."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from pulser.errors import PulserError, SecretMissing, SlackError, SlackRefused, SlackTokenRefused
from pulser.slack import SlackApi
from socket_relay.connections_open import NoTicket
from socket_relay.leases import Leases
from socket_relay.pace import Pace

_ASK_AGAIN = 300.0  # seconds: a bot token that was swapped for one of another team is noticed at a dial after this

log = structlog.get_logger()


class Identity:
    """The team id, remembered; one for all dials of a process."""

    def __init__(
        self, slack: SlackApi, leases: Leases, pace: Pace, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._slack = slack
        self._leases = leases
        self._pace = pace
        self._clock = clock
        self._team_id: str | None = None
        self._asked_at = float("-inf")

    async def team_id(self) -> str:
        """The team's id. What was known before is good enough while Slack does not say. Raises NoTicket."""
        if self._team_id is not None and self._clock() - self._asked_at < _ASK_AGAIN:
            return self._team_id
        try:
            said = (await self._slack.call("auth.test")).get("team_id")
        except PulserError as error:
            return await self._otherwise(error)
        if isinstance(said, str) and said:
            self._team_id, self._asked_at = said, self._clock()
        if self._team_id is None:
            raise NoTicket("no_team")
        return self._team_id

    async def _otherwise(self, error: PulserError) -> str:
        reason = error.reason if isinstance(error, SlackError) else type(error).__name__
        log.warning("team_not_known", error=str(error))
        is_for_people = isinstance(error, SlackTokenRefused | SlackRefused | SecretMissing)
        if is_for_people:
            await self._leases.alarm(f"bot_{reason}", f"Slack does not say which team the bot token is of: {error}")
        if self._team_id is not None:
            return self._team_id
        # No envelope can be told to be ours: a connection would take them from a relay that can tell.
        raise NoTicket(f"auth.test: {reason}", self._pace.probe if is_for_people else None) from error
