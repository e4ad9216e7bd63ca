"""The outbox in plain Python: what the SQL functions do, on values, with a clock of its own.

Times are seconds. A time that equals `now` is past, since the database's clock runs on while it looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.model.outbox_rows import DEAD, DOUBT, RETRIED, Channel, Delivery, Event, Outcome, Routing

PACE = 1.0
BLOCKED_BY_A_DOUBT = 60.0
MOST_BLOCKING_ATTEMPTS = 5
GIVEN_UP_AFTER = 86400.0
HOOK_GIVEN_UP_AFTER = 900.0
UPDATE_COSTS = 1.5
UPDATES_AHEAD = 15.0
MAY_LAND_FOR = 30.0
SAID_AGAIN_AFTER = 600.0
LONG_AGO = 1e6
UNSURE = 0.02  # seconds: nothing here depends on so little
NO_RETRY = {"hook": "a deploy is asked for again in Slack", "update": "the next change of the card is sent anyway"}
NOT_NOW = {"sent": "it is in Slack", "queued": "it is waiting for its turn"}


@dataclass(slots=True)
class Outbox:
    """All rows in the order of their positions; the versions of the cards by their events."""

    now: float = 0.0
    events: list[Event] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    channels: dict[str, Channel] = field(default_factory=dict)
    cards: dict[Event, int] = field(default_factory=dict)
    holds: dict[str, float] = field(default_factory=dict)
    updates_used: float = -LONG_AGO
    _instants: int = 0

    def after(self, seconds: float) -> float:
        """A time from now; no two are the same, as in the database. What is due now is past already."""
        self._instants += 1
        return self.now + seconds - UNSURE + self._instants * 2e-6

    def _past(self, at: float | None) -> bool:
        return at is not None and at <= self.now

    # -- events: noted, claimed, routed -------------------------------------------------------------------------------

    def reconcile(self) -> int:
        missed = [it for it in self.events if not it.noted]
        for it in missed:
            it.noted = True
        self.events = [it for it in self.events if it not in missed] + missed
        return len(missed)

    def claim_events(self, most: int) -> list[Event] | None:
        """The oldest that are pending; None while another router has some. Who gets one sets its token and lease."""
        if any(it.token and not self._past(it.lease_until) for it in self.events):
            return None
        return [it for it in self.events if it.noted and it.status == "pending"][:most]

    def record(self, token: str, routings: Iterable[Routing]) -> int:
        """How many events are settled: those that the token holds."""
        by_event = {it.event: it for it in routings if it.event.token == token}
        held = [by_event[it] for it in self.events if it in by_event]
        for it in by_event.values():
            if it.has_card:
                self.cards.setdefault(it.event, 0)
            if it.about in self.cards and it.about is not it.event:
                it.event.about = it.about
        for name in sorted({name for it in held for name in it.channels}):
            self.channels.setdefault(name, Channel(name, self.after(-LONG_AGO)))
        # Of those that come with it, none stands there yet.
        standing = {(it.event, it.channel) for it in self.deliveries if it.kind == "post" and it.status != "dead"}
        for it in held:
            self._post(it, standing)
            routed = it.event.about is not None or any(of.event is it.event for of in self.deliveries)
            it.event.status = "routed" if routed else "unrouted"
            it.event.token = it.event.lease_until = None
        return len(held)

    def _post(self, routing: Routing, standing: set[tuple[Event, str]]) -> None:
        for channel in dict.fromkeys(routing.channels):
            if routing.event.about is None or (routing.event.about, channel) not in standing:
                self._queue(Delivery("post", routing.event, channel, *self._from_now(GIVEN_UP_AFTER)))

    def _from_now(self, seconds: float) -> tuple[float, float]:
        return self.after(0), self.after(seconds)

    def _queue(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    # -- deliveries: claimed ------------------------------------------------------------------------------------------

    def claim(self, most: int, worker: str, lease: float) -> list[Delivery]:
        """Hooks, posts, updates, probes, in the order of their positions. Who gets one sets its token."""
        self.expire()
        claimed: list[Delivery] = []
        for due in (self._due_hooks, self._due_posts, self._due_updates, self._due_probes):
            taken = due(most - len(claimed))
            for it in taken:
                self._take(it, worker, lease)
            claimed += taken
        return [it for it in self.deliveries if it in claimed]

    def _take(self, it: Delivery, worker: str, lease: float) -> None:
        if it.waits:
            it.status, it.attempts, it.doubtful_since = "sending", it.attempts + 1, self.after(0)
            if it.kind == "post":
                self._posts_at(self.channels[it.channel])
        it.worker, it.lease_until = worker, self.after(lease)

    def _posts_at(self, channel: Channel) -> None:
        channel.next_post, channel.last_post = self.after(PACE), self.now

    def _due_hooks(self, most: int) -> list[Delivery]:
        return self._due("hook")[:most]

    def _due_posts(self, most: int) -> list[Delivery]:
        if self.held_until("chat.postMessage") is not None:
            return []
        in_turn = sorted(self.channels.values(), key=lambda it: it.next_post)
        heads = [self.head(it.name) for it in in_turn if self._past(it.next_post)]
        return [it for it in heads if it and it.waits and self._past(it.next_attempt)][:most]

    def _due_updates(self, most: int) -> list[Delivery]:
        due = self._due("update")
        if most <= 0 or not due or self.held_until("chat.update") is not None:
            return []
        used = max(self.updates_used, self.now)
        free = math.floor((self.now + UPDATES_AHEAD - used) / UPDATE_COSTS + 1e-3)
        taken = due[: max(0, min(most, free))]
        self.updates_used = used + len(taken) * UPDATE_COSTS
        return taken

    def _due_probes(self, most: int) -> list[Delivery]:
        if self.held_until("conversations.history") is not None:
            return []
        due = [it for it in self.deliveries if it.status == "in_doubt" and not it.token and self._past(it.next_attempt)]
        return sorted(due, key=lambda it: it.next_attempt)[:most]

    def _due(self, kind: str) -> list[Delivery]:
        due = [it for it in self.deliveries if it.kind == kind and it.waits and self._past(it.next_attempt)]
        return sorted(due, key=lambda it: it.next_attempt)

    def held_until(self, method: str) -> float | None:
        return max((self.holds[it] for it in ("*", method) if self.holds.get(it, self.now) > self.now), default=None)

    def head(self, channel: str) -> Delivery | None:
        """The post whose turn it is: the one that is being sent, else the oldest that no long doubt holds up."""
        posts = [it for it in self.deliveries if it.kind == "post" and it.channel == channel]
        sending = [it for it in posts if it.status == "sending"]
        return next((it for it in sending + posts if it.is_open or self._blocks(it)), None)

    def _blocks(self, it: Delivery) -> bool:
        return (
            it.status == "in_doubt"
            and it.attempts <= MOST_BLOCKING_ATTEMPTS
            and self.now < (it.doubtful_since or 0) + BLOCKED_BY_A_DOUBT
        )

    def given_up(self, it: Delivery) -> bool:
        """Of a claimed one: it is not to be tried again."""
        late = self._past(it.retry_until)
        return late and (
            it.kind == "hook" or (it.reason == "probe_absent" and it.attempts > MOST_BLOCKING_ATTEMPTS + 1)
        )

    def next_due(self) -> float | None:
        """When a delivery can next be claimed, None when none waits."""
        return min(self._dues(), default=None)

    def _dues(self) -> Iterator[float]:
        for channel in self.channels.values():
            head = self.head(channel.name)
            if head and head.waits:
                yield max(channel.next_post, head.next_attempt, self.held_until("chat.postMessage") or 0)
        for it in self.deliveries:
            if it.lease_until is not None:
                yield it.lease_until
            elif it.status == "in_doubt":
                yield max(it.next_attempt, self.held_until("conversations.history") or 0)
            elif it.kind == "update" and it.waits:
                paced = self.updates_used - UPDATES_AHEAD + UPDATE_COSTS
                yield max(it.next_attempt, self.held_until("chat.update") or 0, paced)
            elif it.kind == "hook" and it.waits:
                yield it.next_attempt

    def work_is_due(self) -> bool:
        free = [it for it in self.events if it.noted and it.status == "pending"]
        return any(it.token is None or self._past(it.lease_until) for it in free) or self._past(self.next_due())

    # -- deliveries: ended --------------------------------------------------------------------------------------------

    def expire(self) -> int:
        """Takes them from workers that vanished, channel by channel."""
        gone = sorted((it for it in self.deliveries if self._past(it.lease_until)), key=lambda it: it.channel)
        for it in gone:
            if it.status == "sending":
                it.reason = "lease_expired"
            it.status = "in_doubt" if it.kind == "post" else "dead" if it.github else "failed"
            it.dead_at = self.after(0) if it.status == "dead" else None
            it.next_attempt = self.after(0)
            it.may_land_until = self.after(MAY_LAND_FOR) if it.kind == "update" else None
            it.release()
        for it in gone:
            if it.status == "dead":
                self._settle_hook(it)
                self._announce(it)
        return len(gone)

    def settle(self, it: Delivery, token: str, outcome: Outcome) -> str | None:
        """The status it has then; None for an old token."""
        if it.token != token:
            return None
        too_late = outcome.result == "failed" and self._past(it.retry_until - outcome.retry_in)
        result = "dead" if too_late else outcome.result
        it.status = {"adopted": "sent", "absent": "queued", "unknown": "in_doubt"}.get(result, result)
        it.reason, it.adopted, it.card_version = outcome.reason, result == "adopted", outcome.card_version
        looked_at = min(600.0, (self.now - (it.doubtful_since or 0)) / 10) if result == "unknown" else 0.0
        it.next_attempt = self.after(max(outcome.retry_in, looked_at))
        it.may_land_until = self.after(MAY_LAND_FOR) if outcome.may_land_late else it.may_land_until
        it.dead_at = self.after(0) if result == "dead" else None
        it.release()
        if it.kind == "post" and result in ("sent", "failed", "in_doubt", "dead"):
            channel = self.channels[it.channel]
            self._posts_at(channel)
            gone, found = (
                it.reason == "channel_not_found",
                f"C-{it.channel}" if it.status == "sent" else channel.slack_id,
            )
            channel.slack_id = None if gone else found
        if outcome.hold:
            method, seconds = outcome.hold
            self.holds[method] = max(self.holds.get(method, 0), self.after(seconds))
        self._follow(it)
        return it.status

    def _follow(self, it: Delivery) -> None:
        if it.kind == "update" and it.status == "sent" and it.may_land_until and not self._past(it.may_land_until):
            again = Delivery("update", it.event, it.channel, *self._from_now(GIVEN_UP_AFTER), target=it.target)
            again.next_attempt = again.may_land_until = it.may_land_until
            self._queue(again)
        if it.kind == "hook" and it.status in ("sent", "dead"):
            self._settle_hook(it)
        elif it.status == "sent" or (it.status == "dead" and it.card_version is not None):
            card = it.target.event if it.target else it.event
            if self.cards.get(card, 0) > (it.card_version or 0):
                self._refresh(card)
        if it.status == "dead":
            self._announce(it)
        elif it.status == "in_doubt" and self._past(it.retry_until) and (it.told_at or 0) <= it.retry_until:
            self._announce_doubt(it)

    def _announce(self, dead: Delivery) -> None:
        """Once in ten minutes for a channel and a reason; the first of several."""
        same = [it for it in self.deliveries if (it.channel, it.reason) == (dead.channel, dead.reason)]
        before = [it for it in same if it.dead_at is not None and it.dead_at < (dead.dead_at or 0)]
        if dead.event.type != DEAD and not any(self.lately(it.dead_at) for it in before):
            self.events.append(Event(type=DEAD, told_of=dead.channel))

    def _announce_doubt(self, it: Delivery) -> None:
        """Once for each time that it was given, and once in ten minutes for a channel and a reason."""
        same = [one for one in self.deliveries if (one.channel, one.told_of) == (it.channel, it.reason)]
        silent = any(self.lately(one.told_at) for one in same)
        it.told_at, it.told_of = self.after(0), it.reason
        if not silent and it.event.type not in (DEAD, DOUBT):
            self.events.append(Event(type=DOUBT, told_of=it.channel))

    def lately(self, at: float | None) -> bool:
        """In these ten minutes of the clock."""
        return at is not None and at // SAID_AGAIN_AFTER == self.now // SAID_AGAIN_AFTER

    def retry(self, it: Delivery) -> tuple[bool, str, str | None]:
        """A person asks: whether it is done, the status it has then, and why not."""
        if it.kind != "post":
            return False, it.status, NO_RETRY[it.kind]
        if it.status not in ("dead", "failed", "in_doubt") or it.token:
            return False, it.status, NOT_NOW.get(it.status, "a worker has it just now")
        it.status = "queued" if it.status == "dead" else it.status
        it.next_attempt, it.retry_until = self._from_now(GIVEN_UP_AFTER)
        it.dead_at = None
        self.events.append(Event(type=RETRIED, told_of=it.channel))
        return True, it.status, None

    # -- cards --------------------------------------------------------------------------------------------------------

    def change(self, card: Event, version: int) -> bool:
        """A person changes what he has seen in this version."""
        if version == 0:
            self.cards.setdefault(card, 0)
        if self.cards.get(card) != version:
            return False
        self.cards[card] = version + 1
        self._refresh(card)
        return True

    def call_hook(self, card: Event, service: str, *, github: bool) -> None:
        made = Delivery("hook", card, f"hook:{service}", *self._from_now(HOOK_GIVEN_UP_AFTER), github=github)
        self._queue(made)

    def _settle_hook(self, it: Delivery) -> None:
        self.cards[it.event] += 1
        self._refresh(it.event)
        if it.status == "dead":
            self.events.append(Event(type="deploy.hook_failed"))

    def _refresh(self, card: Event) -> None:
        """One update of each message that has none."""
        updated = {it.target for it in self.deliveries if it.kind == "update" and it.is_open}
        for it in [it for it in self.deliveries if it.kind == "post" and it.event is card and it.status == "sent"]:
            if it not in updated:
                made = Delivery("update", card, it.channel, *self._from_now(GIVEN_UP_AFTER), target=it)
                self._queue(made)
        for it in self.deliveries:
            if it.kind == "update" and it.event is card and it.status == "queued":
                it.next_attempt = min(it.next_attempt, self.after(0))

    def instants(self) -> Iterator[float]:
        """When something becomes due, runs out or gets too old."""
        yield from (it.lease_until for it in self.events if it.lease_until is not None)
        yield from (it.next_post for it in self.channels.values())
        yield from self.holds.values()
        yield from (self.updates_used - UPDATES_AHEAD + UPDATE_COSTS * number for number in range(1, 11))
        yield (self.now // SAID_AGAIN_AFTER + 1) * SAID_AGAIN_AFTER
        for it in self.deliveries:
            times = (it.next_attempt, it.retry_until, it.lease_until, it.may_land_until)
            yield from (at for at in times if at is not None)
            yield (it.doubtful_since or 0) + BLOCKED_BY_A_DOUBT
