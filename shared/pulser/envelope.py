"""One inbound message of Slack, whichever way it came: a Socket Mode frame, a signed HTTP request, a row of the ledger.

Pure. Nothing that JSON can say makes a property fail: what is odd is None. An envelope that no handler can take has a
`refusal`; it is stored and acknowledged all the same, or Slack would send it for ever (`slack-platform.md` 4, row 21).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from pulser.storable import storable

Handler = Literal["action-handler", "command-handler"]
Transport = Literal["socket", "http"]

HANDLERS: Final[dict[str, Handler]] = {
    "interactive": "action-handler",
    "slash_commands": "command-handler",
    "events_api": "command-handler",
}
UNKNOWN_TEAM: Final = "unknown"  # of an envelope that names no team: the ledger's key needs one
_ID_LENGTH = 255
_KEY_LENGTH = 255
_ANSWERED_INTERACTIONS = frozenset({"view_submission", "block_suggestion"})


class EnvelopeError(ValueError):
    """A frame that is no envelope: it can be neither stored nor acknowledged. `reason` quotes nothing of it."""

    def __init__(self, reason: str, envelope_id: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.envelope_id = envelope_id


@dataclass(frozen=True, slots=True)
class Envelope:
    """`type`: interactive, slash_commands, events_api, or what Slack called it. `payload`: without Slack's `token`.

    `accepts_payload`: Slack takes an answer in the ack. `retry_attempt`: from 0, of events only. `refusal`: why no
    handler takes it, in words.
    """

    envelope_id: str
    team_id: str
    type: str
    payload: dict[str, Any]
    app_id: str | None = None
    accepts_payload: bool = True
    retry_attempt: int | None = None
    retry_reason: str | None = None
    refusal: str | None = None

    @classmethod
    def from_frame(cls, frame: Mapping[str, Any]) -> Envelope:
        """The envelope of a Socket Mode frame. Raises EnvelopeError when it has no envelope_id."""
        envelope_id = _text(frame, "envelope_id")
        if envelope_id is None:
            raise EnvelopeError("the frame has no envelope_id")
        if len(envelope_id) > _ID_LENGTH:
            raise EnvelopeError("the envelope_id is too long")
        if storable(envelope_id) != envelope_id:
            # Stored under another id, it would be acknowledged under another one, too.
            raise EnvelopeError("the envelope_id cannot be stored")
        return replace(
            _envelope(envelope_id, _text(frame, "type") or "raw", frame.get("payload")),
            accepts_payload=frame.get("accepts_response_payload") is True,
            retry_attempt=_attempt(frame.get("retry_attempt")),
            retry_reason=storable(_text(frame, "retry_reason") or "")[:_ID_LENGTH] or None,
        )

    @classmethod
    def from_ledger(cls, row: Mapping[str, Any]) -> Envelope:
        """The envelope that claim_envelope_v1 gives."""
        made = _envelope(row["envelope_id"], row["type"], row["payload"])
        return replace(made, team_id=row["team_id"], retry_attempt=row.get("retry_attempt"))

    @classmethod
    def from_command_form(cls, form: Mapping[str, str], envelope_id: str) -> Envelope:
        """A slash command that came over HTTP: its form fields."""
        return _envelope(envelope_id, "slash_commands", dict(form))

    @classmethod
    def from_interaction(cls, payload: object, envelope_id: str) -> Envelope:
        """A click or a submitted modal that came over HTTP: the JSON of the form's field `payload`."""
        return _envelope(envelope_id, "interactive", payload)

    @classmethod
    def from_event(
        cls, body: object, envelope_id: str, *, retry_attempt: int | None = None, retry_reason: str | None = None
    ) -> Envelope:
        """An event that came over HTTP; what was retried says so in its headers."""
        made = _envelope(envelope_id, "events_api", body)
        return replace(made, accepts_payload=False, retry_attempt=retry_attempt, retry_reason=retry_reason)

    @property
    def interaction(self) -> str | None:
        """block_actions, view_submission, …; None of what is no interaction."""
        return _text(self.payload, "type") if self.type == "interactive" else None

    @property
    def user_id(self) -> str | None:
        """Who did it."""
        return _first(self.payload, ("user", "id"), ("user_id",), ("event", "user"))

    @property
    def user_name(self) -> str | None:
        """The name Slack gives with it, untrusted: for people to read, not to decide by."""
        return _first(self.payload, ("user", "username"), ("user", "name"), ("user_name",))

    @property
    def channel_id(self) -> str | None:
        """Where it was done."""
        return _first(
            self.payload, ("channel", "id"), ("container", "channel_id"), ("channel_id",), ("event", "channel")
        )

    @property
    def message_ts(self) -> str | None:
        """The message whose button was pressed, or which mentioned us."""
        return _first(self.payload, ("message", "ts"), ("container", "message_ts"), ("event", "ts"))

    @property
    def thread_ts(self) -> str | None:
        """The thread in which it was done; a message that begins a thread stands in the channel, not in it."""
        thread = _first(self.payload, ("message", "thread_ts"), ("container", "thread_ts"), ("event", "thread_ts"))
        return None if thread == self.message_ts else thread

    @property
    def trigger_id(self) -> str | None:
        """What opens a modal, once, within 3 seconds."""
        return _text(self.payload, "trigger_id")

    @property
    def response_url(self) -> str | None:
        """Where a private answer goes, five times within 30 minutes."""
        found = _text(self.payload, "response_url")
        urls = self.payload.get("response_urls")
        if found is None and isinstance(urls, list) and urls and isinstance(urls[0], Mapping):
            return _text(urls[0], "response_url")
        return found

    @property
    def logical_key(self) -> str | None:
        """The same for each envelope that tells of the same event, click or command; None where Slack gives nothing.

        A redelivery may come under a new envelope_id (`slack-platform.md` 1.1).
        """
        if self.type == "events_api":
            event_id = _text(self.payload, "event_id")
            return _key("event", event_id) if event_id else None
        if self.type not in HANDLERS:
            return None
        if self.trigger_id:
            return _key("trigger", self.trigger_id)
        return self._interaction_key()

    @property
    def handler(self) -> Handler | None:
        """The function that processes it; None of what is refused."""
        return None if self.refusal else HANDLERS.get(self.type)

    @property
    def wants_answer(self) -> bool:
        """Whether what the handler says belongs into the ack."""
        answered = self.type == "slash_commands" or self.interaction in _ANSWERED_INTERACTIONS
        return answered and self.accepts_payload and self.refusal is None

    @property
    def is_retried_by_slack(self) -> bool:
        """Whether Slack sends it again when it is not acknowledged: events only."""
        return self.type == "events_api"

    def to_record(
        self,
        *,
        transport: Transport,
        received_at: float,
        session_id: str | None = None,
        refused: str | None = None,
    ) -> dict[str, Any]:
        """An element of record_envelopes_v1. `received_at` in seconds of the database's clock (epoch).

        `refused`: why it is not run, where the envelope itself does not say.
        """
        refusal = refused or self.refusal
        return {
            "envelope_id": self.envelope_id,
            "team_id": self.team_id,
            "type": self.type,
            "payload": self.payload,
            "logical_key": self.logical_key,
            "handler": None if refusal else self.handler,
            "transport": transport,
            "app_id": self.app_id,
            "session_id": session_id,
            "received_at": received_at,
            "retry_attempt": self.retry_attempt,
            "retry_reason": self.retry_reason,
            "refused": refusal,
        }

    def _interaction_key(self) -> str | None:
        """What else tells a click from another: who, on what, when."""
        actions = self.payload.get("actions")
        action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], Mapping) else {}
        place = self.message_ts or _first(self.payload, ("view", "id"), ("container", "view_id"))
        at = _text(action, "action_ts") or _text(self.payload, "action_ts")
        once = self.interaction == "view_closed"  # a view closes once
        if not (self.user_id and place and (at or once)):
            return None
        parts = (self.interaction, self.user_id, self.channel_id, place, _text(action, "action_id"), at)
        return _key("click", *(part or "" for part in parts))


def _envelope(envelope_id: str, kind: str, payload: object) -> Envelope:
    content = storable(payload)
    body = content if isinstance(content, dict) else {"raw": content}
    body = {name: value for name, value in body.items() if name != "token"}
    team_id = _first(body, ("team_id",), ("team", "id"), ("user", "team_id"), ("enterprise", "id"))
    return Envelope(
        envelope_id=envelope_id,
        team_id=(team_id or UNKNOWN_TEAM)[:_ID_LENGTH],
        type=storable(kind)[:_ID_LENGTH],
        payload=body,
        app_id=_text(body, "api_app_id"),
        refusal=_refusal(kind, body, team_id) if isinstance(content, dict) else "the payload is no JSON object",
    )


def _refusal(kind: str, payload: Mapping[str, Any], team_id: str | None) -> str | None:
    if kind not in HANDLERS:
        return "pulser does not know this type of envelope"
    if kind == "events_api" and not isinstance(payload.get("event"), Mapping):
        # app_rate_limited is one (`slack-platform.md` 4, row 22).
        return "the event has no inner event"
    if kind == "interactive" and not _text(payload, "type"):
        return "the interaction has no type"
    if kind == "slash_commands" and not _text(payload, "command"):
        return "the command has no name"
    return None if team_id else "the payload names no team"


def _attempt(count: object) -> int | None:
    """Slack's count of redeliveries; None of what is none, or would fit into no column."""
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 10_000 else None


def _text(found: object, *path: str) -> str | None:
    """The text at `path`, None when there is none or it is empty."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else None


def _first(payload: Mapping[str, Any], *paths: tuple[str, ...]) -> str | None:
    return next((found for path in paths if (found := _text(payload, *path))), None)


def _key(kind: str, *parts: str) -> str:
    """A key that an index can hold, whatever the parts are."""
    text = ":".join((kind, *parts))
    return text if len(text) <= _KEY_LENGTH else f"{kind}:sha256:{hashlib.sha256(text.encode()).hexdigest()}"
