"""A console over a simulated workspace and a ledger in memory, and the blocks to post there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pulser_local.console import Console
from pulser_local.slack import Content, SlackSimulator
from tests.unit.console.fake_hands import FakeHands
from tests.unit.console.fake_ledger import FakeLedger

Blocks = Sequence[dict[str, Any]]


class Scene:
    """A console over a simulated workspace and a ledger."""

    def __init__(self) -> None:
        self.slack = SlackSimulator(rate_limit=False)
        self.ledger = FakeLedger()
        self.hands = FakeHands()
        self.console = Console(simulator=self.slack, ledger=self.ledger, hands=self.hands)

    def post(self, text: str, *, channel: str = "ops-deploy", delivery: str | None = None, blocks: Blocks = ()) -> str:
        """Post as pulser does; the message's ts."""
        metadata = {"event_type": "pulser_delivery", "event_payload": {"delivery_id": delivery}} if delivery else None
        content = Content(text, blocks=list(blocks), metadata=metadata)
        return self.slack.workspace.post(self.id(channel), content).ts

    def deliver(self, text: str, **summary: Any) -> str:  # noqa: ANN401  any argument of FakeLedger.add
        """A delivery with its message in #ops-deploy; the delivery's id."""
        delivery_id = self.ledger.add(slack_channel_id=self.id("ops-deploy"), slack_ts="1.000000", **summary)
        self.post(text, delivery=delivery_id)
        return delivery_id

    def id(self, channel: str) -> str:
        found = self.slack.workspace.find(channel)
        assert found
        return found.id

    def url(self, channel: str = "ops-deploy", ts: str = "") -> str:
        permalink = f"/p{ts.replace('.', '')}" if ts else ""
        return f"{self.console.url}/archives/{self.id(channel)}{permalink}"

    @property
    def port(self) -> int:
        return int(self.console.url.rsplit(":", 1)[1])


@asynccontextmanager
async def staged() -> AsyncIterator[Scene]:
    """A scene whose console runs."""
    scene = Scene()
    await scene.console.start(0)
    yield scene
    await scene.console.stop()


def plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text}


def button(text: str, **more: object) -> dict[str, object]:
    return {"type": "button", "text": plain(text), **more}


def section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
