"""A worker of a handler with its ledger, for the tests of its loop."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pulser.envelope import Envelope
from pulser.errors import SlackError
from pulser.handling_work import Done, Work
from pulser.replies import Replies
from pulser.settlement import AuditEvent, Reply, Settlement
from pulser.slack import SlackApi
from pulser.vault import Vault
from tests.unit.shared.handling_ledger import FakeLedger, Row

URL = "https://hooks.slack.com/commands/x"
SOON = 60.0  # seconds of patience that no test uses up
EVENT = AuditEvent("slack.command")
ACK = {"text": "all well"}


class FakeReplies(Replies):
    """Remembers what it was to send; fails when it is told to."""

    def __init__(self) -> None:
        super().__init__(SlackApi(Vault(FakeLedger())))
        self.sent: list[Reply] = []
        self.trouble: SlackError | None = None

    async def send(self, reply: Reply) -> None:
        """As Replies.send."""
        if self.trouble is not None:
            raise self.trouble
        self.sent.append(reply)


@dataclass(slots=True)
class Scene:
    """A worker with its ledger, and the decisions that it makes."""

    ledger: FakeLedger = field(default_factory=FakeLedger)
    replies: FakeReplies = field(default_factory=FakeReplies)
    decide: Callable[[Envelope, float], Awaitable[Settlement]] | None = None
    seen: list[float] = field(default_factory=list)
    work: Work = field(init=False)

    def __post_init__(self) -> None:
        self.work = Work("command-handler", self.ledger, self.replies, self._handle, "worker", drain_seconds=SOON)

    async def _handle(self, envelope: Envelope, answer_by: float) -> Settlement:
        self.seen.append(answer_by)
        if self.decide is not None:
            return await self.decide(envelope, answer_by)
        return Settlement(ack=ACK, events=[EVENT])

    def recorded(self, envelope_id: str = "e-1") -> Row:
        """A command that the relay has recorded."""
        form = {
            "team_id": "T1", "command": "/pulser", "user_id": "U1", "channel_id": "C1", "trigger_id": envelope_id,
            "response_url": URL,
        }  # fmt: skip
        envelope = Envelope.from_command_form(form, envelope_id)
        return self.ledger.put(envelope.to_record(transport="socket", received_at=self.ledger.now))

    async def run(self, *, within: float = SOON) -> Done:
        """The relay's call for the envelope; it ends when all that it began has ended."""
        done = await self.work.run("T1", "e-1", time.monotonic() + within)
        await self.work.finish()
        return done
