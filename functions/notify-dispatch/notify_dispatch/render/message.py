"""What is sent to Slack for one delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

METADATA_TYPE = "pulser_delivery"


@dataclass(frozen=True, slots=True)
class Message:
    """A post without its channel. `degraded` says why the layout was given up for plain text, else None."""

    text: str
    blocks: tuple[dict[str, Any], ...]
    event_id: str
    delivery_id: str
    degraded: str | None = None

    def to_arguments(self) -> dict[str, Any]:
        """The arguments of `chat.postMessage`, all but `channel`."""
        payload = {"delivery_id": self.delivery_id, "event_id": self.event_id}
        return {
            "text": self.text,
            "blocks": list(self.blocks),
            "metadata": {"event_type": METADATA_TYPE, "event_payload": payload},
            "unfurl_links": False,
            "unfurl_media": False,
        }
