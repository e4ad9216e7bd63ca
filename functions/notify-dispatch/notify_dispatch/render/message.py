"""What is sent to Slack for one delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pulser.card import Card

METADATA_TYPE = "pulser_delivery"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a message is drawn for, beside its event.

    `delivery_id`: the delivery whose message it is. `mention`: as in the route. `delayed_s`: how long ago the event was
    recorded. `button_key` signs the buttons; without it there are none but links. `continues`: the address of the
    message that this one continues, empty where it is not known.
    """

    delivery_id: str
    mention: str | None = None
    delayed_s: float | None = None
    card: Card | None = None
    button_key: str | None = field(default=None, repr=False)
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message without its channel. `degraded` says why the layout was given up for plain text, else None."""

    text: str
    blocks: tuple[dict[str, Any], ...]
    event_id: str
    delivery_id: str
    card_version: int | None = None
    degraded: str | None = None

    def to_arguments(self) -> dict[str, Any]:
        """The arguments of `chat.postMessage`, all but `channel`."""
        return self.to_update() | {"unfurl_links": False, "unfurl_media": False}

    def to_update(self) -> dict[str, Any]:
        """The arguments of `chat.update`, all but `channel` and `ts`. Blocks and metadata are always given: what is
        left out, Slack removes or keeps as it was.
        """
        payload: dict[str, Any] = {"delivery_id": self.delivery_id, "event_id": self.event_id}
        if self.card_version is not None:
            payload["card_version"] = self.card_version
        return {
            "text": self.text,
            "blocks": list(self.blocks),
            "metadata": {"event_type": METADATA_TYPE, "event_payload": payload},
        }
