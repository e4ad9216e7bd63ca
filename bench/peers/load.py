"""Envelopes at a rate, or as many as a peer takes. Half are clicks and half events, as Slack's sockets bring them."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.figures import spread
from bench.peers.world import Peer, Store
from bench.processes import taken
from pulser_local.slack import SlackSimulator
from pulser_local.slack.interactions.acting import ALICE
from pulser_local.slack.socket_mode.envelope import Delivered, Envelope

AT_ONCE = 200  # envelopes that wait for their ack, where as many are sent as are taken
TEXT = "shop-web: the error rate is 4.2 %, above the threshold of 2 % for five minutes"
STEP = 0.002  # seconds: what is due within it is sent together


def envelopes(slack: SlackSimulator) -> Iterator[Envelope]:
    """A click, an event, a click, …, each of its own."""
    common = {"team": {"id": slack.team_id}, "team_id": slack.team_id, "api_app_id": slack.app_id, "token": "old"}
    for number in itertools.count():
        ts = f"{1_700_000_000 + number}.000100"
        yield _click(common, ts) if number % 2 == 0 else _event(common, ts)


def _click(common: dict[str, Any], ts: str) -> Envelope:
    block = {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": TEXT}}
    button = {"type": "button", "action_id": "go", "value": "v", "text": {"type": "plain_text", "text": "Go"}}
    payload = {
        **common,
        "type": "block_actions",
        "user": {"id": ALICE, "username": "alice", "team_id": common["team_id"]},
        "container": {"type": "message", "message_ts": ts, "channel_id": "C0000000001"},
        "trigger_id": f"{ts}.{uuid.uuid4().hex}",
        "channel": {"id": "C0000000001", "name": "ops"},
        "message": {
            "ts": ts,
            "text": TEXT,
            "blocks": [block, {"type": "actions", "block_id": "b", "elements": [button]}],
        },
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/none",
        "actions": [{**button, "block_id": "b", "action_ts": ts}],
    }
    return Envelope("interactive", payload)


def _event(common: dict[str, Any], ts: str) -> Envelope:
    event = {"type": "app_mention", "user": ALICE, "text": TEXT, "ts": ts, "channel": "C0000000001", "event_ts": ts}
    payload = {
        **common,
        "type": "event_callback",
        "event": event,
        "event_id": f"Ev{uuid.uuid4().hex}",
        "event_time": 1_700_000_000,
        "authorizations": [{"team_id": common["team_id"], "user_id": "U0BOT", "is_bot": True}],
    }
    return Envelope("events_api", payload, retry_attempt=0)


@dataclass(slots=True)
class Sent:
    """What became of envelopes."""

    clicks: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)
    failed: int = 0

    def add(self, envelope: Envelope, delivered: Delivered) -> None:
        """One of them."""
        if delivered.outcome != "acked" or delivered.after is None:
            self.failed += 1
        else:
            (self.clicks if envelope.type == "interactive" else self.events).append(delivered.after)

    @property
    def acked(self) -> int:
        """How many were acknowledged in time."""
        return len(self.clicks) + len(self.events)


async def at_rate(slack: SlackSimulator, per_second: float, seconds: float) -> Sent:
    """So many a second, whether they are acknowledged or not; each waits three seconds for its ack, as in Slack."""
    loop, sent, waiting = asyncio.get_running_loop(), Sent(), []
    made, began, number = envelopes(slack), asyncio.get_running_loop().time(), 0
    total = int(per_second * seconds)
    while number < total:
        due = min(total, int((loop.time() - began) * per_second) + 1)
        for _ in range(number, due):
            envelope = next(made)
            waiting.append((envelope, slack.sockets.deliver(envelope)))
        number = due
        await asyncio.sleep(max(STEP, began + number / per_second - loop.time()))
    for envelope, delivered in waiting:
        sent.add(envelope, await delivered)
    return sent


async def as_many(slack: SlackSimulator, seconds: float, at_once: int = AT_ONCE) -> Sent:
    """A new one for each that is acknowledged."""
    sent, made = Sent(), envelopes(slack)
    until = time.monotonic() + seconds

    async def one_after_another() -> None:
        while time.monotonic() < until:
            envelope = next(made)
            sent.add(envelope, await slack.sockets.deliver(envelope))

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))
    return sent


@dataclass(slots=True)
class Meter:
    """Processor time of a peer and of the database between two moments."""

    peer: Peer
    store: Store
    _peer: float = 0.0
    _store: float = 0.0
    _at: float = 0.0
    _rings: int = 0

    def begin(self) -> None:
        """The first moment."""
        self._peer, self._store = taken(self.peer.process.pid).seconds, taken(self.store.pid).seconds
        self._at, self._rings = time.monotonic(), self.peer.rings[0]

    def figures(self, sent: Sent) -> dict[str, Any]:
        """At the second moment, for what was sent between."""
        peer, store = taken(self.peer.process.pid).seconds - self._peer, taken(self.store.pid).seconds - self._store
        seconds = time.monotonic() - self._at
        done = max(sent.acked, 1)
        return {
            "acked": sent.acked,
            "not_acked": sent.failed,
            "acked_per_second": round(sent.acked / seconds, 1),
            "ack": spread(sent.clicks + sent.events),
            "clicks": spread(sent.clicks),
            "events": spread(sent.events),
            "cpu_s_per_1000": round(1000 * peer / done, 3),
            "database_cpu_s_per_1000": round(1000 * store / done, 3),
            "acks_per_cpu_s": round(done / peer) if peer else None,
            "rings": self.peer.rings[0] - self._rings,
        }
