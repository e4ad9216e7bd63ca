"""The real outbox beside the model: the same calls, the same time, and what differs between the two."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.integration.schema.acting import WEBHOOK, WORKFLOW
from tests.integration.schema.helpers import Session
from tests.model.outbox import Outbox
from tests.model.outbox_invariants import broken_outbox_invariants
from tests.model.outbox_rows import Delivery, Event

HOOKS = {"web": WEBHOOK, "api": WORKFLOW}  # service → its hook; `api` is on GitHub
EMPTY = """
delete from ops.deliveries;
delete from ops.event_dispatches;
delete from ops.cards;
delete from ops.platform_events;
delete from ops.slack_channels;
delete from ops.slack_holds;
delete from ops.slack_paces;
delete from net.http_request_queue;
"""
# The rows' times become those of the model, counted from now: so time passes, and stands still between two steps.
# Who died in these ten minutes of the model's clock, did so in these of the database's.
SET_TIMES = """
with now as materialized (
    select clock_timestamp() as at, date_bin('10 minutes', clock_timestamp(), 'epoch') as minutes
), deliveries as (
    update ops.deliveries d
    set next_attempt_at = now.at + make_interval(secs => s.next_attempt),
        retry_until = now.at + make_interval(secs => s.retry_until),
        lease_until = now.at + make_interval(secs => s.lease_until),
        doubtful_since = now.at + make_interval(secs => s.doubtful_since),
        may_land_until = now.at + make_interval(secs => s.may_land_until),
        dead_at = case
            when s.dead_at is null then null
            when s.lately then greatest(now.minutes, now.at + make_interval(secs => s.dead_at))
            else now.minutes - interval '1 second'
        end
    from now, jsonb_to_recordset($1::jsonb -> 'deliveries') s (
        delivery_id uuid, next_attempt double precision, retry_until double precision, lease_until double precision,
        doubtful_since double precision, may_land_until double precision, dead_at double precision, lately boolean
    )
    where d.delivery_id = s.delivery_id
), doubts as (
    -- What was told before these ten minutes keeps its time, to be compared with retry_until, but silences no channel.
    update ops.told_doubts t
    set told_at = case when s.told_lately then greatest(now.minutes, now.at + make_interval(secs => s.told_at))
            else now.at + make_interval(secs => s.told_at) end,
        channel = case when s.told_lately then d.channel else 'told before' end
    from now, ops.deliveries d, jsonb_to_recordset($1::jsonb -> 'deliveries') s (
        delivery_id uuid, told_at double precision, told_lately boolean
    )
    where t.delivery_id = s.delivery_id and d.delivery_id = s.delivery_id and s.told_at is not null
), events as (
    update ops.event_dispatches e set lease_until = now.at + make_interval(secs => s.until::double precision)
    from now, jsonb_each_text($1::jsonb -> 'events') s (event_id, until) where e.event_id = s.event_id::uuid
), channels as (
    update ops.slack_channels c set next_post_at = now.at + make_interval(secs => s.until::double precision)
    from now, jsonb_each_text($1::jsonb -> 'channels') s (channel, until) where c.channel = s.channel
), holds as (
    update ops.slack_holds h set held_until = now.at + make_interval(secs => s.until::double precision)
    from now, jsonb_each_text($1::jsonb -> 'holds') s (method, until) where h.method = s.method
), paces as (
    update ops.slack_paces
    set used_until = now.at + make_interval(secs => ($1::jsonb ->> 'updates_used')::double precision) from now
)
select at from now
"""
IN_TIME = """
select clock_timestamp() < $1::timestamptz + make_interval(secs => $2)
    and date_bin('10 minutes', clock_timestamp(), 'epoch') = date_bin('10 minutes', $1::timestamptz, 'epoch')
"""
# All that counts, with times in seconds from $1.
ROWS = """
select jsonb_build_object(
    'took', extract(epoch from clock_timestamp() - $1::timestamptz),
    'deliveries', coalesce((
        select jsonb_agg(to_jsonb(d) || jsonb_build_object(
            'next_attempt', extract(epoch from d.next_attempt_at - $1),
            'retry_until', extract(epoch from d.retry_until - $1),
            'lease_until', extract(epoch from d.lease_until - $1),
            'doubtful_since', extract(epoch from d.doubtful_since - $1),
            'may_land_until', extract(epoch from d.may_land_until - $1)
        ) order by d.position)
        from ops.deliveries d
    ), '[]'),
    'events', coalesce((
        select jsonb_agg(to_jsonb(e) || jsonb_build_object(
            'event_type', p.event_type, 'target', p.target, 'lease_until', extract(epoch from e.lease_until - $1)
        ) order by e.position)
        from ops.event_dispatches e join ops.platform_events p using (event_id)
    ), '[]'),
    'channels', coalesce((
        select jsonb_object_agg(channel, jsonb_build_array(extract(epoch from next_post_at - $1), slack_channel_id))
        from ops.slack_channels where next_post_at > '-infinity'
    ), '{}'),
    'new_channels', coalesce((
        select jsonb_agg(channel) from ops.slack_channels where next_post_at = '-infinity'
    ), '[]'),
    'holds', coalesce((
        select jsonb_object_agg(method, extract(epoch from held_until - $1)) from ops.slack_holds
    ), '{}'),
    'updates_used', (select extract(epoch from used_until - $1) from ops.slack_paces),
    'cards', (select coalesce(jsonb_object_agg(card_id, version), '{}') from ops.cards)
)
"""
SPARE_S = (
    0.4  # no time of the model runs out while a call is under way: one that takes longer is taken back, and made anew
)


class _HeldUp(Exception):
    """The call took so long that nobody knows what was due when it looked."""


@dataclass(slots=True)
class RealOutbox:
    """Drives the database from a test that is not async, since hypothesis's machines are not."""

    runner: asyncio.Runner
    db: Session
    model: Outbox = field(default_factory=Outbox)
    _set_at: Any = None  # the database's time when it showed the model's
    _shown: float = 0.0  # the model's time then
    agrees: bool = False  # with the model, since the last call

    def start(self) -> None:
        """An empty outbox, two services that can be deployed, and a doorbell."""
        self.runner.run(self._start())

    async def _start(self) -> None:
        await self.db.run(EMPTY)
        if not await self.db.value("select exists (select from ops.services)"):
            services = [{"service": it, "environments": ["production"], "deploy": hook} for it, hook in HOOKS.items()]
            await self.db.call("apply_services_v1", services=services)
            await self.db.equip_doorbell()
        self.model = Outbox()
        await self._set_times()

    def call(self, function: str, **arguments: Any) -> Any:  # noqa: ANN401  # any JSON value
        """What the function answers, at the time that the model shows."""
        return self.do(lambda db: db.call(function, **arguments))

    def do(self, act: Callable[[Session], Awaitable[Any]]) -> Any:  # noqa: ANN401
        """The same, for what is no single call."""
        if not all(it.delivery_id for it in self.model.deliveries) or not all(it.event_id for it in self.model.events):
            self.name_what_is_new()
        while soon := [at for at in self.model.instants() if self.model.now < at < self.model.now + SPARE_S]:
            self.model.now = min(soon)
        self.agrees = False
        return self.runner.run(self._do(act))

    async def _do(self, act: Callable[[Session], Awaitable[Any]]) -> Any:  # noqa: ANN401
        while True:
            with suppress(_HeldUp):
                async with self.db.connection.transaction():
                    await self._set_times()
                    answer = await act(self.db)
                    if not await self.db.value(IN_TIME, self._set_at, SPARE_S):
                        raise _HeldUp
                return answer

    async def _set_times(self) -> None:
        self._shown = self.model.now
        told = {
            "deliveries": [self._times_of(it) for it in self.model.deliveries],
            "events": {it.event_id: it.lease_until - self._shown for it in self.model.events if it.lease_until},
            "channels": {it.name: it.next_post - self._shown for it in self.model.channels.values()},
            "holds": {method: until - self._shown for method, until in self.model.holds.items()},
            "updates_used": self.model.updates_used - self._shown,
        }
        self._set_at = await self.db.value(SET_TIMES, told)

    def _times_of(self, it: Delivery) -> dict[str, Any]:
        times = {
            name: getattr(it, name)
            for name in (
                "next_attempt",
                "retry_until",
                "lease_until",
                "doubtful_since",
                "may_land_until",
                "dead_at",
                "told_at",
            )
        }
        shown = {name: None if at is None else at - self._shown for name, at in times.items()}
        lately = {"lately": self.model.lately(it.dead_at), "told_lately": self.model.lately(it.told_at)}
        return shown | lately | {"delivery_id": it.delivery_id}

    # -- named --------------------------------------------------------------------------------------------------------

    def name_what_is_new(self) -> None:
        """What the last call made gets the database's ids in the model, and its order."""
        self.runner.run(self._named_rows())

    async def _named_rows(self) -> dict[str, Any]:
        rows: dict[str, Any] = await self.db.value(ROWS, self._set_at)
        self._name_new_events(rows["events"])
        self._name_new_deliveries(rows["deliveries"])
        return rows

    def _name_new_events(self, rows: list[dict[str, Any]]) -> None:
        named = {it.event_id for it in self.model.events}
        for row in rows:
            if row["event_id"] not in named:
                is_it = (row["event_type"], row["target"])
                new = [it for it in self.model.events if not it.event_id and (it.type, it.told_of) == is_it]
                assert new, f"nobody expects {row}"
                new[0].event_id = row["event_id"]
        assert all(it.event_id for it in self.model.events), "an event is missing"
        order = [row["event_id"] for row in rows]
        self.model.events.sort(key=lambda it: order.index(it.event_id) if it.noted else len(order))

    def _name_new_deliveries(self, rows: list[dict[str, Any]]) -> None:
        """Only updates have no order of their own: those of one card are queued at once."""
        posts = [it for it in self.model.deliveries if it.kind != "update"]
        named = {it.delivery_id for it in self.model.deliveries}
        for row in rows:
            if row["delivery_id"] not in named:
                new = [it for it in self.model.deliveries if not it.delivery_id and _what(it) == _what_said(row)]
                assert new, f"nobody expects {row}"
                new[0].delivery_id = row["delivery_id"]
        assert all(it.delivery_id for it in self.model.deliveries), "a delivery is missing"
        order = [row["delivery_id"] for row in rows]
        self.model.deliveries.sort(key=lambda it: order.index(it.delivery_id))
        assert [it for it in self.model.deliveries if it.kind != "update"] == posts, "not in the order of their events"

    # -- compared -----------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """The database is as the model, and the invariants hold."""
        self.agrees = False
        self.runner.run(self._check())
        self.agrees = True

    async def _check(self) -> None:
        rows = await self._named_rows()
        noted = [it for it in self.model.events if it.noted]
        assert [_event_said(it) for it in rows["events"]] == [_event_expected(it) for it in noted]
        assert [_said(it) for it in rows["deliveries"]] == [_expected(it) for it in self.model.deliveries]
        assert rows["cards"] == {it.event_id: version for it, version in self.model.cards.items()}
        assert {name: slack_id for name, (_, slack_id) in rows["channels"].items()} | dict.fromkeys(
            rows["new_channels"]
        ) == {it.name: it.slack_id for it in self.model.channels.values()}
        self._check_times(rows)
        assert await broken_outbox_invariants(self.db) == []

    def _check_times(self, rows: dict[str, Any]) -> None:
        """Each time that counts is what it should be, give or take what the call took."""
        times: list[tuple[str, float, float | None]] = [
            *(
                (f"channel {name}", at, self.model.channels[name].next_post)
                for name, (at, _) in rows["channels"].items()
            ),
            *((f"hold of {name}", at, self.model.holds.get(name)) for name, at in rows["holds"].items()),
        ]
        if rows["updates_used"] is not None:
            times.append(("updates", rows["updates_used"], self.model.updates_used))
        for row, it in zip(rows["deliveries"], self.model.deliveries, strict=True):
            counting = ["retry_until", *(["next_attempt"] if it.waits or it.status == "in_doubt" else [])]
            counting += ["lease_until"] if it.token else []
            counting += ["may_land_until"] if row["may_land_until"] is not None else []
            counting += ["doubtful_since"] if it.status in ("sending", "in_doubt") else []
            times += [(f"{name} of {_what(it)}", row[name], getattr(it, name)) for name in counting]
        for what, said, expected in times:
            assert expected is not None, what
            late = said - (expected - self._shown)
            assert -0.1 <= late <= rows["took"] + 0.02, (what, late)


def _what(it: Delivery) -> tuple[str | None, ...]:
    return it.kind, it.event.event_id, it.channel, it.target.delivery_id if it.target else None


def _what_said(row: dict[str, Any]) -> tuple[str | None, ...]:
    return row["kind"], row["event_id"], row["channel"], row["target_delivery_id"]


def _said(row: dict[str, Any]) -> dict[str, Any]:
    same = ("delivery_id", "status", "attempts", "reason", "adopted", "card_version", "claim_token", "claimed_by")
    has = {it: row[it] is not None for it in ("lease_until", "dead_at", "slack_ts")}
    return {it: row[it] for it in same} | has | {"what": _what_said(row)}


def _expected(it: Delivery) -> dict[str, Any]:
    same = ("delivery_id", "status", "attempts", "reason", "adopted", "card_version")
    has = {"lease_until": it.lease_until is not None, "dead_at": it.dead_at is not None}
    has["slack_ts"] = it.status == "sent" and it.kind != "hook"
    claimed = {"claim_token": it.token, "claimed_by": it.worker}
    return {name: getattr(it, name) for name in same} | has | claimed | {"what": _what(it)}


def _event_said(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["event_id"], row["status"], row["card_id"], row["claim_token"], row["lease_until"] is not None


def _event_expected(it: Event) -> tuple[Any, ...]:
    return it.event_id, it.status, it.about and it.about.event_id, it.token, it.lease_until is not None
