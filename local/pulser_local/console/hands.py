"""What a person does in the workspace: the few things the console asks of the simulator to act in Slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Json = dict[str, Any]


class Unusable(Exception):
    """What a person wanted is not possible; the text tells him why."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can use the workspace. `name` is what <@id> shows, `real_name` what stands above messages."""

    id: str
    name: str
    real_name: str = ""

    def to_json(self) -> Json:
        """As the page needs it."""
        return {"id": self.id, "name": self.name, "real_name": self.real_name or self.name}


@dataclass(frozen=True, slots=True)
class Line:
    """How the workspace reaches pulser: over how many live sockets, or by HTTP requests."""

    transport: Literal["socket", "http"] = "socket"
    sockets: int = 0

    @property
    def listening(self) -> bool:
        """Whether anybody would hear of a click."""
        return self.transport == "http" or self.sockets > 0

    def to_json(self) -> Json:
        """As the page needs it."""
        return {"transport": self.transport, "sockets": self.sockets, "listening": self.listening}


@dataclass(frozen=True, slots=True)
class Deed:
    """What became of one interaction, as far as Slack knows: acked, or not within three seconds, or not delivered."""

    outcome: Literal["acked", "timeout", "error"]
    envelope_id: str | None = None
    acked_after: float | None = None  # seconds
    ack_payload: Json | None = None
    failure: str | None = None  # what the workspace told the person, when it went wrong

    @property
    def field_errors(self) -> dict[str, str]:
        """The texts an ack puts under the fields of a modal, by block_id."""
        payload = self.ack_payload or {}
        errors = payload.get("errors") if payload.get("response_action") == "errors" else None
        return {str(block): str(text) for block, text in errors.items()} if isinstance(errors, dict) else {}

    def to_json(self) -> Json:
        """As the page needs it."""
        return {
            "outcome": self.outcome,
            "envelope_id": self.envelope_id,
            "acked_after_ms": None if self.acked_after is None else round(self.acked_after * 1000),
            "errors": self.field_errors,
            "failure": self.failure,
        }


@dataclass(frozen=True, slots=True)
class Press:
    """A button of a message: which one, and what it carries."""

    channel_id: str
    ts: str
    action_id: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Private:
    """What one person alone sees: ephemeral messages (as Slack shows them, with `channel_id`) and open modals."""

    ephemerals: Sequence[Mapping[str, Any]] = field(default_factory=tuple)  # oldest first
    modals: Sequence[Mapping[str, Any]] = field(default_factory=tuple)  # views, the one on top last


class Hands(Protocol):
    """Acting in the workspace. Each deed returns once Slack knows its outcome; Unusable when it makes no sense."""

    def people(self) -> list[Person]:
        """The people of the workspace, in a fixed order."""

    def app(self) -> Person:
        """The app, as people mention it."""

    def groups(self) -> list[Person]:
        """The user groups, as people mention them."""

    def line(self) -> Line:
        """How the workspace reaches pulser now."""

    def private(self, user_id: str) -> Private:
        """What this person alone sees now."""

    async def press(self, press: Press, user_id: str) -> Deed:
        """Press a button."""

    async def command(self, text: str, channel_id: str, user_id: str) -> Deed:
        """Send a slash command; the text begins with it."""

    async def submit(self, view_id: str, values: Json, user_id: str) -> Deed:
        """Submit a modal; `values` is Slack's view.state.values."""

    async def close(self, view_id: str, user_id: str) -> None:
        """Close a modal without submitting it."""

    def dismiss(self, channel_id: str, ts: str, user_id: str) -> None:
        """Take an ephemeral message away, for good."""

    def seen(self, envelope_id: str) -> Deed | None:
        """What Slack saw of an envelope it sent; None of one that it does not remember."""

    async def say(self, text: str, channel_id: str, user_id: str) -> None:
        """Write a message; one that mentions pulser is also sent to it."""
