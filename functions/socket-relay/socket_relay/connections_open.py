"""apps.connections.open: one ticket for one dial, and what its failures mean."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import structlog

from pulser.errors import PulserError, SecretMissing, SlackError, SlackHeld, SlackRefused, SlackTokenRefused
from pulser.slack import SlackApi
from pulser.slack_errors import RATE_LIMITED
from socket_relay.leases import Leases
from socket_relay.pace import Pace

# Slack itself writes a hash there, which says nothing; then the hello does.
_APP_ID = re.compile(r"A[A-Z0-9]{5,}")
APP_TOKEN = "slack_app_token"  # noqa: S105  its name in Vault

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, repr=False)
class Ticket:
    """Where to dial, once. The URL is a secret: its ticket opens a connection of this app."""

    url: str
    app_id: str | None


class NoTicket(Exception):
    """There is none for now. `wait`: seconds that Slack, or the failure, asks for; None leaves it to backoff."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class ConnectionsOpen:
    """Asks Slack for tickets with the app token. What it is told to wait for, it tells all relays by the ledger."""

    def __init__(self, slack: SlackApi, leases: Leases, pace: Pace) -> None:
        self._slack = slack
        self._leases = leases
        self._pace = pace
        self._is_refused = False
        self._one_at_a_time = asyncio.Lock()

    async def ticket(self) -> Ticket:
        """A fresh ticket. Raises NoTicket, nothing else."""
        if not self._is_refused:
            return await self._ask()
        # While Slack refuses us one probe is enough: who waited for another one's learns what that one has learned.
        async with self._one_at_a_time:
            held_for = self._leases.held_for()
            if held_for > 0:
                raise NoTicket("held", held_for)
            return await self._ask()

    async def _ask(self) -> Ticket:
        try:
            answer = await self._slack.call("apps.connections.open")
        except SlackHeld as error:
            raise await self._held(error) from error
        except (SlackTokenRefused, SlackRefused, SecretMissing) as error:
            raise await self._refused(error) from error
        except PulserError as error:
            # Slack's own failure, an answer that is none, or no database to read the token from.
            raise NoTicket(error.reason if isinstance(error, SlackError) else "no_database") from error
        self._is_refused = False
        return _ticket_of(answer.get("url"))

    async def _held(self, error: SlackHeld) -> NoTicket:
        if error.reason not in RATE_LIMITED or error.retry_after is None:
            return NoTicket(error.reason, error.retry_after)
        await self._leases.hold(error.retry_after, error.reason)
        return NoTicket(error.reason, error.retry_after)

    async def _refused(self, error: PulserError) -> NoTicket:
        """A token that Slack does not take: people must act, and one probe a minute finds out that they did."""
        self._is_refused = True
        reason = error.reason if isinstance(error, SlackError) else "no_app_token"
        await self._leases.hold(self._pace.probe, reason)
        await self._leases.alarm(
            reason, f"no connection to Slack can be opened: {error}; {APP_TOKEN} in Vault is tried again each minute"
        )
        return NoTicket(reason, self._pace.probe)


def _ticket_of(url: object) -> Ticket:
    """The ticket in an answer. Slack has answered ok with an empty URL."""
    if not isinstance(url, str):
        raise NoTicket("no_url")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise NoTicket("no_url") from error
    if parts.scheme not in ("wss", "ws") or not parts.hostname:
        raise NoTicket("no_url")
    named = next(iter(parse_qs(parts.query).get("app_id", [])), "")
    return Ticket(url, named if _APP_ID.fullmatch(named) else None)
