"""What happened to each interaction, and who watches it happen."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Final, Literal

from pulser_local.slack.socket_mode.envelope import Delivered, Envelope, Outcome
from pulser_local.slack.workspace import Json

InteractionKind = Literal[
    "block_actions", "slash_command", "view_submission", "view_closed", "block_suggestion", "event", "injected"
]
HappeningKind = Literal[
    "interaction",  # begun, or its outcome is known
    "failure",  # what the user is told: data has error and text
    "ephemeral",  # a private message came, or changed
    "ephemeral_gone",
    "modal",  # the user's modals changed
    "home",
    "transport",
]
_KEPT: Final = 20_000

_FAILURES: Final = {
    "slash_command": "{what} failed with the error “{error}”",
    "view_submission": "We had some trouble connecting. Try again?",
    "block_actions": "This button did not work. Try again?",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to an interaction. `at` in seconds since 1970.

    what: sent, acked, timeout, error, private message, message, modal, failure; `detail` says which or why.
    """

    at: float
    what: str
    detail: str = ""


@dataclass(eq=False, slots=True)
class Interaction:
    """One thing a person did. It goes on changing: retries, late private messages and modals are added.

    outcome: acked; timeout, when no ack came in 3 s; error, when nobody could be reached or the answer made no
    sense. It is None until Slack knows. acked_after: seconds. attempts: each delivery, the first one first.
    ephemerals: the private messages of it, as Slack shows them; messages: what was posted in channels by its
    response_url or ack; failure: what the user was told.
    """

    id: str
    kind: InteractionKind
    user_id: str
    channel_id: str | None
    what: str
    envelope_id: str
    at: float
    trigger_id: str | None = None
    response_url: str | None = None
    outcome: Outcome | None = None
    acked_after: float | None = None
    ack_payload: Json | None = None
    error: str | None = None
    failure: str | None = None
    attempts: list[Delivered] = field(default_factory=list)
    ephemerals: list[Json] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)
    view_ids: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)  # the user has seen something of it

    def to_json(self) -> Json:
        """The interaction as the controls and the page have it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "user_id": self.user_id,
            "channel_id": self.channel_id,
            "what": self.what,
            "envelope_id": self.envelope_id,
            "at": self.at,
            "trigger_id": self.trigger_id,
            "response_url": self.response_url,
            "outcome": self.outcome,
            "acked_after": self.acked_after,
            "ack_payload": self.ack_payload,
            "error": self.error,
            "failure": self.failure,
            "attempts": [_attempt(one) for one in self.attempts],
            "ephemerals": list(self.ephemerals),
            "messages": list(self.messages),
            "view_ids": list(self.view_ids),
            "steps": [asdict(one) for one in self.steps],
        }


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing to show. `data` is the interaction, the private message, the modals of the user, or the failure."""

    number: int
    kind: HappeningKind
    user_id: str | None
    channel_id: str | None
    interaction_id: str | None
    data: Json

    def to_json(self) -> Json:
        """The happening as a stream sends it."""
        return {
            "number": self.number,
            "kind": self.kind,
            "user_id": self.user_id,
            "channel_id": self.channel_id,
            "interaction_id": self.interaction_id,
            "data": self.data,
        }


class Story:
    """The interactions, oldest first, and a notice of every change of what people see."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._by_envelope: dict[str, Interaction] = {}
        self._numbers = itertools.count(1)
        self._happened = itertools.count(1)
        self._interactions: OrderedDict[str, Interaction] = OrderedDict()
        self._watchers: set[asyncio.Queue[Happening]] = set()

    @property
    def interactions(self) -> list[Interaction]:
        """All that are remembered, oldest first."""
        return list(self._interactions.values())

    def get(self, interaction_id: str) -> Interaction | None:
        """One interaction."""
        return self._interactions.get(interaction_id)

    def find(self, envelope_id: str) -> Interaction | None:
        """The interaction that an envelope, or a retry or duplicate of it, tells of."""
        return self._by_envelope.get(envelope_id)

    def latest(self, kind: InteractionKind, user_id: str, channel_id: str) -> Interaction | None:
        """The newest of a kind, of one person in one channel."""
        wanted = (kind, user_id, channel_id)
        newest = reversed(self._interactions.values())
        return next((one for one in newest if (one.kind, one.user_id, one.channel_id) == wanted), None)

    def begin(self, interaction: Interaction) -> None:
        """Enter a new one."""
        self._interactions[interaction.id] = interaction
        self._by_envelope[interaction.envelope_id] = interaction
        while len(self._interactions) > _KEPT:
            self._forget(self._interactions.popitem(last=False)[1])
        self.step(interaction, "sent")
        self.changed(interaction)

    def new_id(self) -> str:
        """An ID for an interaction."""
        return f"i{next(self._numbers)}"

    def delivered(self, interaction: Interaction, delivered: Delivered) -> None:
        """Enter what became of a delivery; a later success of a retry makes the outcome good."""
        interaction.attempts.append(delivered)
        self._by_envelope[delivered.envelope_id] = interaction
        self.step(interaction, delivered.outcome, delivered.error or delivered.via or "")
        if interaction.outcome != "acked":
            interaction.outcome = delivered.outcome
            interaction.acked_after = delivered.after
            interaction.ack_payload = delivered.payload
            interaction.error = delivered.error
        self.changed(interaction)

    def fail(self, interaction: Interaction, error: str) -> None:
        """The user is told that it did not work."""
        words = _FAILURES.get(interaction.kind, "")
        if not words:
            return
        interaction.failure = words.format(what=interaction.what.partition(" ")[0], error=error)
        self.answer(interaction, "failure", interaction.failure)
        self.publish("failure", interaction, {"error": error, "text": interaction.failure})

    def step(self, interaction: Interaction, what: str, detail: str = "") -> None:
        """Enter what happened."""
        interaction.steps.append(Step(self._now(), what, detail))

    def answer(self, interaction: Interaction, what: str, detail: str) -> None:
        """Enter what happened, of which its user has seen something."""
        self.step(interaction, what, detail)
        interaction.answered.set()

    def changed(self, interaction: Interaction) -> None:
        """Tell that an interaction has changed."""
        if self._watchers:
            self.publish("interaction", interaction, interaction.to_json())

    def publish(self, kind: HappeningKind, interaction: Interaction, data: Json) -> None:
        """Tell all who watch."""
        self.tell(kind, interaction.user_id, data, channel_id=interaction.channel_id, interaction_id=interaction.id)

    def tell(
        self,
        kind: HappeningKind,
        user_id: str | None,
        data: Json,
        *,
        channel_id: str | None = None,
        interaction_id: str | None = None,
    ) -> None:
        """Tell all who watch of something that need not belong to an interaction."""
        happening = Happening(next(self._happened), kind, user_id, channel_id, interaction_id, data)
        for watcher in self._watchers:
            watcher.put_nowait(happening)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[Happening]]:
        """A queue of everything that happens from now until the block ends."""
        queue: asyncio.Queue[Happening] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)

    def _forget(self, interaction: Interaction) -> None:
        for envelope_id in {interaction.envelope_id, *(one.envelope_id for one in interaction.attempts)}:
            self._by_envelope.pop(envelope_id, None)


def _attempt(one: Delivered) -> Json:
    return {
        "envelope_id": one.envelope_id,
        "outcome": one.outcome,
        "after": one.after,
        "error": one.error,
        "via": one.via,
    }


def begun(
    story: Story,
    envelope: Envelope,
    *,
    kind: InteractionKind,
    user_id: str,
    at: float,
) -> Interaction:
    """The interaction that an envelope tells the app of."""
    payload = envelope.payload
    interaction = Interaction(
        id=story.new_id(),
        kind=kind,
        user_id=user_id,
        channel_id=_channel_of(payload),
        what=_what(kind, payload),
        envelope_id=envelope.envelope_id,
        at=at,
        trigger_id=payload.get("trigger_id"),
        response_url=payload.get("response_url"),
    )
    story.begin(interaction)
    return interaction


def _channel_of(payload: Json) -> str | None:
    channel = payload.get("channel")
    if isinstance(channel, dict):
        return str(channel["id"])
    event = payload.get("event")
    if isinstance(event, dict):
        return event.get("channel")
    return payload.get("channel_id")


def _what(kind: InteractionKind, payload: Json) -> str:
    if kind == "slash_command":
        return f"{payload['command']} {payload['text']}".strip()
    if kind == "block_actions":
        return str(payload["actions"][0]["action_id"])
    if kind == "block_suggestion":
        return str(payload["action_id"])
    if kind in {"view_submission", "view_closed"}:
        return str(payload["view"]["callback_id"])
    return str(payload.get("event", {}).get("type", kind))
