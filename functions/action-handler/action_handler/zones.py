"""In which time zone somebody is, as Slack says. Slack failing is "not known": pulser does not guess."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from pulser.errors import PulserError
from pulser.slack import SlackApi
from pulser.snooze import zone_named

TIME_LIMIT = 1.5  # seconds; the person waits

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Zones:
    """Asks users.info each time: a click is rare, and people travel."""

    slack: SlackApi
    time_limit: float = TIME_LIMIT

    async def zone_of(self, user: str) -> ZoneInfo | None:
        """The user's zone, None where Slack does not say it, or not in time."""
        try:
            async with asyncio.timeout(self.time_limit):
                answer = await self.slack.call("users.info", user=user)
        except (PulserError, TimeoutError) as error:
            log.warning("zone_not_known", user=user, error=str(error) or type(error).__name__)
            return None
        told = answer.get("user")
        zone = zone_named(told.get("tz") if isinstance(told, Mapping) else None)
        if zone is None:
            log.warning("zone_not_known", user=user, error="Slack's ok names no zone that is known here")
        return zone
