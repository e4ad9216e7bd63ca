"""The canary's SQL: when one is asked for, who posts it, what became of it, and the alarm when none comes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.schema.acting import audit, claim, click, record
from tests.integration.schema.helpers import FUNCTIONS_URL, Session
from tests.integration.schema.metrics import metric, metrics
from tests.integration.schema.relay import live

CHANNEL = "#pulser-canary"
PLACE = {"channel": "C0CANARY", "ts": "1700000000.000100"}
LONG_AGO = "update ops.{} set changed_at = clock_timestamp() - interval '1 day'"


async def switch_on(db: Session, every_s: int = 300) -> None:
    """On since yesterday, and so the transport; the doorbell's secrets are there."""
    await db.equip_doorbell(FUNCTIONS_URL)
    await db.call("apply_canary_v1", channel=CHANNEL, every_s=every_s, actor="ada")
    for table in ("canary_control", "relay_control"):
        await db.run(LONG_AGO.format(table))


async def tick(db: Session) -> bool:
    """The cron job's turn: whether it rang."""
    rang: bool = await db.call("tend_canary_v1")
    return rang


async def posted(db: Session) -> str:
    """A canary that Slack has just taken; its id."""
    await tick(db)
    claimed = await db.call("claim_canary_v1", worker="w")
    assert await db.call("settle_canary_v1", canary_id=claimed["canary_id"], outcome=PLACE)
    canary_id: str = claimed["canary_id"]
    return canary_id


async def passes(db: Session, seconds: float) -> None:
    """As if all that is known of canaries had been so much earlier."""
    await db.run(
        "update ops.canaries set asked_at = asked_at - i, claimed_at = claimed_at - i, posted_at = posted_at - i,"
        " came_back_at = came_back_at - i from (select make_interval(secs => $1) as i) t",
        seconds,
    )


async def missed(db: Session, seconds: float = 70) -> str:
    """A canary that is not back when its minute is over; its id."""
    canary_id = await posted(db)
    await passes(db, seconds)
    await tick(db)
    return canary_id


def told(canary_id: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """The envelope in which Slack tells of a canary."""
    metadata = {"event_type": "pulser_canary", "event_payload": {"canary_id": canary_id}}
    payload = {"event": {"type": "message_metadata_posted", "metadata": metadata}}
    return click(type="events_api", payload=payload, handler="command-handler") | changes


async def handle(db: Session, envelope: dict[str, Any], canary_id: str) -> None:
    """Claim and settle it as command-handler does."""
    token = (await claim(db, envelope))["claim_token"]
    outcome = {"events": [audit("slack.event")], "canary": canary_id}
    assert (await db.call("settle_envelope_v1", claim_token=token, outcome=outcome))["settled"]


async def back(db: Session, canary_id: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """It comes back now, and is handled; its envelope."""
    envelope = told(canary_id, **changes)
    await record(db, envelope)
    await handle(db, envelope, canary_id)
    return envelope


async def row(db: Session, canary_id: str) -> dict[str, Any]:
    return await db.row("select * from ops.canaries where canary_id = $1", canary_id)


async def news(db: Session) -> list[str]:
    """The events of the relay, oldest first."""
    query = "select event_type from ops.platform_events where event_type ~ '^relay.(deaf|hearing)' order by created_at"
    return await db.column(query)


async def status(db: Session) -> dict[str, Any]:
    found: dict[str, Any] = await db.call("canary_status_v1")
    return found


async def test_while_it_is_off_nothing_is_asked_for(db: Session) -> None:
    """Which is how it is installed."""
    assert await tick(db) is False
    assert await db.value("select count(*) from ops.canaries") == 0


async def test_the_next_one_is_due_after_its_time(db: Session) -> None:
    """The job comes more often; a few seconds early is in time."""
    await switch_on(db)
    first = await posted(db)
    await back(db, first)
    assert await tick(db) is False
    await passes(db, 289)
    assert await tick(db) is False
    await passes(db, 2)
    assert await tick(db) is True
    assert await db.value("select count(*) from ops.canaries") == 2


async def test_a_ring_that_was_lost_is_rung_again(db: Session) -> None:
    """And there is still one canary."""
    await switch_on(db)
    before = await db.rings()
    assert [await tick(db), await tick(db)] == [True, True]
    assert (await db.rings() - before, await db.value("select count(*) from ops.canaries")) == (2, 1)


async def test_an_address_that_is_none_stops_no_canary(db: Session) -> None:
    """What was found out is kept, though nobody can be rung."""
    await switch_on(db)
    await db.call("store_secret_v1", name="pulser_functions_url", value="no address")
    assert await tick(db) in (True, False)
    assert await db.value("select count(*) from ops.canaries") == 1


async def test_while_slack_holds_posts_up_nothing_is_measured(db: Session) -> None:
    """Neither asked for nor given."""
    await switch_on(db)
    await tick(db)
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=60, reason="ratelimited")
    assert await db.call("claim_canary_v1", worker="w") is None
    await db.run("delete from ops.canaries")
    assert await tick(db) is False


async def test_a_canary_is_posted_by_one(db: Session, other: Session) -> None:
    """Of two dispatchers that are rung, one gets it."""
    await switch_on(db)
    for _ in range(20):
        await db.run("delete from ops.canaries")
        await tick(db)
        claims = await asyncio.gather(*(it.call("claim_canary_v1", worker="w") for it in (db, other)))
        assert sorted(it is None for it in claims) == [False, True]


async def test_two_jobs_at_once_ask_once(db: Session, other: Session) -> None:
    """The one that finds the switch locked goes away."""
    await switch_on(db)
    for _ in range(20):
        await db.run("delete from ops.canaries")
        await asyncio.gather(tick(db), tick(other))
        assert await db.value("select count(*) from ops.canaries") == 1


async def test_the_round_trip_is_measured(db: Session) -> None:
    """Each part, and the whole; the envelope is kept with it."""
    await switch_on(db)
    canary_id = await posted(db)
    envelope = await back(db, canary_id)
    found = await status(db)
    assert (found["last"]["status"], found["heard"]["envelope_id"]) == ("back", envelope["envelope_id"])
    parts = [found["heard"][part] for part in ("ring_s", "out_s", "back_s")]
    assert min(parts) >= 0
    assert sum(parts) == pytest.approx(found["heard"]["whole_s"], abs=0.01)
    assert await metric(db, "pulser_canary_round_trip_seconds", part="whole") == pytest.approx(sum(parts), abs=0.01)


async def test_it_may_come_back_before_slacks_ok(db: Session) -> None:
    """The socket is faster than the answer now and then."""
    await switch_on(db)
    await tick(db)
    canary_id = (await db.call("claim_canary_v1", worker="w"))["canary_id"]
    await back(db, canary_id)
    assert await db.call("settle_canary_v1", canary_id=canary_id, outcome=PLACE)
    assert (await status(db))["heard"]["back_s"] == 0


async def test_what_comes_twice_counts_once(db: Session) -> None:
    """The first envelope is its time; each is settled and audited."""
    await switch_on(db)
    canary_id = await posted(db)
    first = await back(db, canary_id)
    await back(db, canary_id)
    assert (await row(db, canary_id))["envelope_id"] == first["envelope_id"]
    assert await db.value("select count(*) from ops.platform_events where event_type = 'slack.event'") == 2


@pytest.mark.parametrize("canary_id", ["", "no-uuid", "00000000-0000-4000-8000-000000000000", "x" * 5000])
async def test_a_canary_of_somebody_else_is_nothing(db: Session, canary_id: str) -> None:
    """Any app may post such metadata: its envelope is settled all the same."""
    await switch_on(db)
    await back(db, canary_id)
    assert await db.value("select count(*) from ops.canaries") == 0


async def test_what_is_not_back_is_told_once(db: Session) -> None:
    """A connection stands all the time: one alarm, however many are missed."""
    await switch_on(db)
    await live(db)
    await db.run("update ops.relay_sessions set hello_at = hello_at - interval '1 day'")
    await missed(db)
    assert await news(db) == ["relay.deaf"]
    await passes(db, 400)
    await missed(db)
    await tick(db)
    assert await news(db) == ["relay.deaf"]
    assert (await status(db))["deaf_since"] is not None
    assert (await metric(db, "pulser_canary_deaf_seconds") or 0) > 60


async def test_two_jobs_tell_it_once(db: Session, other: Session) -> None:
    """Whichever comes first."""
    await switch_on(db)
    await db.run("update ops.relay_control set transport = 'http'")
    await posted(db)
    await passes(db, 70)
    await asyncio.gather(*(tick(it) for it in (db, other)))
    await tick(db)
    assert await news(db) == ["relay.deaf"]


async def test_one_that_comes_back_in_time_ends_it(db: Session) -> None:
    """With news, once; the next alarm is news again."""
    await switch_on(db)
    await db.run("update ops.relay_control set transport = 'http'")
    await missed(db)
    await passes(db, 400)
    await back(db, await posted(db))
    assert await news(db) == ["relay.deaf", "relay.hearing"]
    assert (await status(db))["deaf_since"] is None
    await passes(db, 400)
    await missed(db)
    assert await news(db) == ["relay.deaf", "relay.hearing", "relay.deaf"]


async def test_one_that_comes_back_late_ends_nothing(db: Session) -> None:
    """It is noted, and the next one shows whether Slack is heard."""
    await switch_on(db)
    await db.run("update ops.relay_control set transport = 'http'")
    canary_id = await missed(db)
    await back(db, canary_id)
    assert (await row(db, canary_id))["came_back_at"] is not None
    assert (await news(db), (await status(db))["deaf_since"] is None) == (["relay.deaf"], False)


async def test_without_a_connection_it_is_no_news(db: Session) -> None:
    """PulserRelayDown tells of that; the canary is missed all the same."""
    await switch_on(db)
    canary_id = await missed(db)
    assert (await news(db), (await row(db, canary_id))["missed_at"] is None) == ([], False)


async def test_a_connection_that_came_later_is_not_deaf(db: Session) -> None:
    """When it was posted nobody could hear it."""
    await switch_on(db)
    await posted(db)
    await passes(db, 70)
    await live(db)
    await tick(db)
    assert await news(db) == []


async def test_what_is_recorded_is_heard(db: Session) -> None:
    """Its handler is slow, or down: other alarms tell of that, the relay is not deaf."""
    await switch_on(db)
    await db.run("update ops.relay_control set transport = 'http'")
    canary_id = await posted(db)
    await record(db, told(canary_id))
    await passes(db, 70)
    await db.run("update ops.slack_envelopes set recorded_at = recorded_at - interval '70 s'")
    await tick(db)
    assert (await news(db), (await status(db))["last"]["status"]) == ([], "back")


@pytest.mark.parametrize(("other_came", "words"), [(True, "Other envelopes came"), (False, "pulser manifest --canary")])
async def test_the_alarm_says_what_else_is_known(db: Session, *, other_came: bool, words: str) -> None:
    """Whether others come through, and whether a canary ever has."""
    await switch_on(db)
    await db.run("update ops.relay_control set transport = 'http'")
    await posted(db)
    await passes(db, 70)
    if other_came:
        await record(db, click(transport="http"))
    await tick(db)
    query = "select payload ->> 'summary' from ops.platform_events where event_type = 'relay.deaf'"
    assert words in await db.value(query)


async def test_what_slack_refuses_says_why(db: Session) -> None:
    """In health and metrics; it is not missed, and no alarm."""
    await switch_on(db)
    await tick(db)
    canary_id = (await db.call("claim_canary_v1", worker="w"))["canary_id"]
    refused = {"reason": "not_in_channel", "error": "Slack answered not_in_channel"}
    assert await db.call("settle_canary_v1", canary_id=canary_id, outcome=refused)
    await passes(db, 70)
    await tick(db)
    last = (await status(db))["last"]
    assert (last["status"], last["reason"], await news(db)) == ("failed", "not_in_channel", [])
    assert await metrics(db, "pulser_canary_refused") == {(("reason", "not_in_channel"),): 1}


async def test_a_rate_limit_holds_all_posts(db: Session) -> None:
    """Slack's Retry-After is everybody's (invariant 7)."""
    await switch_on(db)
    await tick(db)
    canary_id = (await db.call("claim_canary_v1", worker="w"))["canary_id"]
    held = {"reason": "ratelimited", "error": "x", "hold_s": 30}
    await db.call("settle_canary_v1", canary_id=canary_id, outcome=held)
    assert await db.value("select ops.slack_held_until_v1('chat.postMessage') > now() + interval '20 s'")


@pytest.mark.parametrize(("is_claimed", "reason"), [(False, "nobody_posted"), (True, "worker_vanished")])
async def test_what_nobody_ends_ends_after_a_minute(db: Session, *, is_claimed: bool, reason: str) -> None:
    """It is never given to another: a canary may be lost."""
    await switch_on(db)
    await tick(db)
    if is_claimed:
        await db.call("claim_canary_v1", worker="w")
    await passes(db, 61)
    assert await db.call("claim_canary_v1", worker="w") is None
    await tick(db)
    assert (await status(db))["last"]["reason"] == reason


async def test_an_older_message_is_given_up_once(db: Session) -> None:
    """So that the channel holds the newest."""
    await switch_on(db)
    await back(db, await posted(db))
    await passes(db, 400)
    await tick(db)
    assert (await db.call("claim_canary_v1", worker="w"))["previous"] == PLACE
    await passes(db, 400)
    await tick(db)
    await tick(db)
    assert (await db.call("claim_canary_v1", worker="w"))["previous"] is None


async def test_switching_is_audited_once(db: Session) -> None:
    """What is as it was is no change."""
    arguments = {"channel": CHANNEL, "every_s": 300, "actor": "ada"}
    assert [await db.call("apply_canary_v1", **arguments) for _ in range(2)] == [{"changed": True}, {"changed": False}]
    assert await db.call("apply_canary_v1", channel=None, every_s=None, actor="ada") == {"changed": True}
    assert await db.value("select count(*) from ops.platform_events where event_type = 'relay.canary'") == 2


async def test_switching_off_ends_the_alarm_and_what_waits(db: Session) -> None:
    """Nobody listens for it any more."""
    await switch_on(db)
    await db.run("update ops.relay_control set transport = 'http'")
    await missed(db)
    await passes(db, 400)
    await tick(db)
    await db.call("apply_canary_v1", channel=None, every_s=None, actor="ada")
    assert (await status(db))["deaf_since"] is None
    assert await db.call("claim_canary_v1", worker="w") is None
    assert await metrics(db, "pulser_canary_deaf_seconds") == {}


async def test_canaries_are_kept_for_a_week(db: Session) -> None:
    """Also those of a canary that is switched off by now."""
    await switch_on(db)
    await back(db, await posted(db))
    await db.call("apply_canary_v1", channel=None, every_s=None, actor="ada")
    await passes(db, 6 * 86_400)
    await tick(db)
    assert await db.value("select count(*) from ops.canaries") == 1
    await passes(db, 2 * 86_400)
    await tick(db)
    assert await db.value("select count(*) from ops.canaries") == 0
