"""What a handler decided, as one value: settle_envelope_v1 writes all of it in one transaction. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pulser.blocks import MESSAGE_TEXT, fit
from pulser.envelope import Envelope

CardKind = Literal["alert", "deploy", "release"]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """An event to append. `key` names it within its settlement; envelope, user and team are added by the ledger."""

    event_type: str
    target: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    status: Literal["ok", "error"] = "ok"
    error_detail: str | None = None
    key: str = "main"

    def to_json(self) -> Json:
        """As settle_envelope_v1 takes it."""
        return {
            "key": self.key,
            "event_type": self.event_type,
            "target": self.target,
            "payload": dict(self.payload),
            "status": self.status,
            "error_detail": self.error_detail,
        }


@dataclass(frozen=True, slots=True)
class CardChange:
    """A card's whole new state, when its version is still `version` (0: nothing is stored of it yet)."""

    card_id: str
    version: int
    kind: CardKind
    service: str | None
    environment: str | None
    phase: str
    state: Mapping[str, Any]
    release: str | None = None

    def to_json(self) -> Json:
        """As settle_envelope_v1 takes it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"state": dict(self.state)}


@dataclass(frozen=True, slots=True)
class Vote:
    """An approval of a deploy, bound to the hash of the plan that its voter saw."""

    approver: str
    name: str | None
    plan_hash: str

    def to_json(self) -> Json:
        """As settle_envelope_v1 takes it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class NewCard:
    """The card of an event of the same settlement, named by the event's key."""

    service: str
    environment: str
    phase: Literal["requested", "approved", "queued"]
    state: Mapping[str, Any]
    release: str | None = None
    event: str = "main"
    kind: Literal["deploy"] = "deploy"

    def to_json(self) -> Json:
        """As settle_envelope_v1 takes it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"state": dict(self.state)}


@dataclass(frozen=True, slots=True)
class Hook:
    """A call of the service's deploy or rollback hook. Inputs: version, environment, reason, requested_by, …"""

    service: str
    action: Literal["deploy", "rollback"]
    inputs: Mapping[str, Any]
    card: Literal["card", "new_card"] = "card"

    def to_json(self) -> Json:
        """As settle_envelope_v1 takes it."""
        return {"card": self.card, "service": self.service, "action": self.action, "inputs": dict(self.inputs)}


@dataclass(frozen=True, slots=True)
class Briefing:
    """What is known of the card, told in the thread of its message in this channel (an ID), or wherever it stands."""

    channel: str | None = None

    def to_json(self) -> Json:
        """As settle_envelope_v1 takes it."""
        return {"channel": self.channel}


@dataclass(frozen=True, slots=True)
class SilenceChange:
    """A silence that begins, or with `begins` None one that ends before its time.

    `begins`: service, event_pattern, environment, ends_at, reason. `by`: {"user", "name"}.
    """

    silence_id: str
    by: Mapping[str, Any]
    begins: Mapping[str, Any] | None = None

    def to_json(self) -> Json:
        """As change_silence_v1 takes it."""
        if self.begins is None:
            return {"action": "end", "silence_id": self.silence_id, "ended_by": dict(self.by)}
        return {"action": "start", "silence_id": self.silence_id, "created_by": dict(self.by), **self.begins}


@dataclass(frozen=True, slots=True)
class Reply:
    """A private answer outside the ack: by response_url, or as an ephemeral message in a channel.

    A reply by response_url also knows the channel and the user, where it can: for when Slack refuses the URL.
    `ephemeral_held_s`: for how long Slack takes no ephemeral message, as the ledger knew when it gave the reply.
    """

    body: Mapping[str, Any]
    url: str | None = None
    channel: str | None = None
    user: str | None = None
    thread_ts: str | None = None
    ephemeral_held_s: float | None = None

    @classmethod
    def private(cls, envelope: Envelope, text: str, blocks: Sequence[Json] | None = None) -> Reply | None:
        """A note only for who did it, in mrkdwn. None when there is no way to him."""
        body: Json = {"text": fit(text, MESSAGE_TEXT)}
        if blocks:
            body["blocks"] = list(blocks)
        return cls.of_body(envelope, body)

    @classmethod
    def of_body(cls, envelope: Envelope, body: Mapping[str, Any]) -> Reply | None:
        """The same for a body with text and blocks, as a slash command's ack has it."""
        reached = cls(body, envelope.response_url, envelope.channel_id, envelope.user_id, envelope.thread_ts)
        return reached if reached.url or (reached.channel and reached.user) else None

    @classmethod
    def in_channel(cls, channel: str, user: str, text: str) -> Reply:
        """A note only for `user` in a channel that the envelope itself does not name: a modal is in none."""
        return cls({"text": fit(text, MESSAGE_TEXT)}, channel=channel, user=user)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Reply:
        """The reply that claim_reply_v1 gives."""
        others = {name: value.get(name) for name in ("url", "channel", "user", "thread_ts", "ephemeral_held_s")}
        return cls(value["body"], **others)

    def to_json(self) -> Json:
        """As settle_envelope_v1 takes it."""
        return {
            "via": "response_url" if self.url else "ephemeral",
            "url": self.url,
            "channel": self.channel,
            "user": self.user,
            "thread_ts": self.thread_ts,
            "body": dict(self.body),
        }


@dataclass(frozen=True, slots=True)
class Settlement:
    """All effects of an envelope.

    `ack`: what goes back to Slack as the ack's payload. `reply`: sent in any case. `late`: sent instead of the ack
    when it can no longer reach Slack; of a slash command that is the ack's own text. `error`: a failure of the
    business, not of the software. `canary`: the id of the canary that came back.
    """

    events: Sequence[AuditEvent]
    ack: Mapping[str, Any] | None = None
    reply: Reply | None = None
    late: Reply | None = None
    card: CardChange | None = None
    approval: Vote | None = None
    new_card: NewCard | None = None
    hooks: Sequence[Hook] = ()
    briefing: Briefing | None = None
    silence: SilenceChange | None = None
    error: str | None = None
    canary: str | None = None

    def __post_init__(self) -> None:
        """Every processed envelope has an audit event (invariant 10)."""
        if not self.events:
            raise ValueError("a settlement has at least one audit event")

    def answered_late(self, envelope: Envelope) -> Settlement:
        """The same when the ack goes without its payload: the answer becomes the reply, and is given once."""
        late = self.late_reply(envelope)
        return self if late is None else replace(self, reply=late, ack=None)

    def late_reply(self, envelope: Envelope) -> Reply | None:
        """What is told privately when the ack goes without its payload; None where nothing is, or a reply is anyway."""
        if self.reply is not None or self.ack is None:
            return None
        return self.late or late_text(envelope, self.ack)

    def to_json(self) -> Json:
        """The outcome as settle_envelope_v1 takes it."""
        return {
            "ack": None if self.ack is None else dict(self.ack),
            "reply": self.reply and self.reply.to_json(),
            "error": self.error,
            "events": [event.to_json() for event in self.events],
            "card": self.card and self.card.to_json(),
            "approval": self.approval and self.approval.to_json(),
            "new_card": self.new_card and self.new_card.to_json(),
            "hooks": [hook.to_json() for hook in self.hooks],
            "briefing": self.briefing and self.briefing.to_json(),
            "canary": self.canary,
            "silence": self.silence and self.silence.to_json(),
        }


def late_text(envelope: Envelope, ack: Mapping[str, Any] | None) -> Reply | None:
    """A slash command's answer outside the ack that it was made for."""
    if ack is None or envelope.type != "slash_commands" or not ack.get("text"):
        return None
    return Reply.of_body(envelope, ack)
