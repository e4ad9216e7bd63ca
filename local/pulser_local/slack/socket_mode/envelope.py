"""An envelope, and what became of it."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from pulser_local.slack.workspace import Json

Outcome = Literal["acked", "timeout", "error"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is delivered to the app: over a socket as it stands, over HTTP its payload only.

    `text` stands for all of it where it is not what Slack's documents allow.
    """

    type: str
    payload: Json
    accepts_response_payload: bool = False
    retry_attempt: int | None = None
    retry_reason: str | None = None
    envelope_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    text: str | None = None

    def to_text(self) -> str:
        """The envelope as it goes over a socket."""
        return json.dumps(self.to_json()) if self.text is None else self.text

    def to_json(self) -> Json:
        """The envelope as Slack sends it."""
        shown: Json = {
            "envelope_id": self.envelope_id,
            "payload": self.payload,
            "type": self.type,
            "accepts_response_payload": self.accepts_response_payload,
        }
        if self.retry_attempt is not None:
            shown |= {"retry_attempt": self.retry_attempt, "retry_reason": self.retry_reason or ""}
        return shown

    def renamed(self) -> Self:
        """The same with an envelope_id of its own."""
        return replace(self, envelope_id=str(uuid.uuid4()))

    def again(self, attempt: int, reason: str, *, same_id: bool) -> Self:
        """The same as the retry number `attempt`."""
        retried = replace(self, retry_attempt=attempt, retry_reason=reason)
        return retried if same_id else retried.renamed()


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one delivery. `after` is in seconds since it was sent; `error` says why it failed.

    `via` is the socket that was acked on, "foreign" when another process took it, or "http".
    """

    envelope_id: str
    outcome: Outcome
    after: float | None = None
    payload: Json | None = None
    error: str | None = None
    via: str | None = None
    no_retry: bool = False  # the app asked that this event is not sent again


def injected(envelope: Json | str) -> Envelope:
    """Any JSON or text as an envelope, known by the envelope_id in it, or by an empty one."""
    found = _parsed(envelope) if isinstance(envelope, str) else envelope
    payload = found.get("payload")
    return Envelope(
        type=str(found.get("type")),
        payload=payload if isinstance(payload, dict) else {},
        accepts_response_payload=found.get("accepts_response_payload") is True,
        retry_attempt=found.get("retry_attempt"),
        envelope_id=str(found.get("envelope_id") or ""),
        text=envelope if isinstance(envelope, str) else json.dumps(envelope),
    )


def _parsed(text: str) -> Json:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    named = re.search(r'"envelope_id":\s*"([^"]+)"', text)
    return {"envelope_id": named.group(1)} if named else {}
