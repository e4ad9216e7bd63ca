"""A served handler with a ledger in memory, for the tests of its door."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx

from pulser.envelope import Envelope
from pulser.handling import HandlerService
from pulser.settlement import AuditEvent, Settlement
from tests.unit.shared.handling_ledger import FakeLedger

KEY, SECRET, OLD = "function-key-sentinel", "signing-sentinel", "signing-sentinel-previous"
NOW = 1_767_225_600.0
FORM = "application/x-www-form-urlencoded"
COMMAND = {
    "team_id": "T1", "command": "/pulser", "text": "status", "user_id": "U1", "channel_id": "C1", "trigger_id": "1.2",
    "token": "verification-sentinel",
}  # fmt: skip
MENTION = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": {"type": "app_mention", "user": "U1"}}
ACK = {"text": "all well"}


@dataclass(slots=True)
class Door:
    """A served command-handler, its ledger and what it handled."""

    ledger: FakeLedger
    handled: list[Envelope] = field(default_factory=list)
    decide: Callable[[Envelope], Awaitable[Settlement]] | None = None
    http: httpx.AsyncClient = field(init=False)
    service: HandlerService = field(init=False)

    async def handle(self, envelope: Envelope, _answer_by: float) -> Settlement:
        """The handler's decision."""
        self.handled.append(envelope)
        if self.decide is not None:
            return await self.decide(envelope)
        return Settlement(ack=ACK, events=[AuditEvent("slack.command")])

    async def ring(self, body: object, *, key: str = KEY, **params: str) -> httpx.Response:
        """A call with the function key."""
        return await self.http.post("/", content=json.dumps(body), headers={"apikey": key}, params=params)

    async def slack(self, body: bytes, kind: str = FORM, **headers: str) -> httpx.Response:
        """Slack's own request."""
        return await self.http.post("/", content=body, headers={"content-type": kind, **signed(body), **headers})

    def recorded(self, envelope_id: str = "e-1") -> None:
        """A command that the relay has recorded."""
        envelope = Envelope.from_command_form(COMMAND | {"trigger_id": envelope_id}, envelope_id)
        self.ledger.put(envelope.to_record(transport="socket", received_at=NOW))


def signed(body: bytes, secret: str = SECRET, at: float = NOW) -> dict[str, str]:
    """The headers of Slack."""
    digest = hmac.new(secret.encode(), b"v0:%d:%b" % (int(at), body), hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": str(int(at)), "x-slack-signature": f"v0={digest}"}


def command(**fields: str) -> bytes:
    """A slash command as Slack posts it."""
    return urlencode(COMMAND | fields).encode()
