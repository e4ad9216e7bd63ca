"""An alert that is over: its card says so in place, and what ended it is not posted beside it."""

from __future__ import annotations

import pytest

from tests.integration.schema.acting import acknowledged, act, card, claimed_click, settle
from tests.integration.schema.firing import ALERT, CI, DEPLOY, age, fire, posts, route, send, stored, updates, write
from tests.integration.schema.helpers import CHANNEL, Session

TASK = {"service": "billing", "task": "export"}
FINGERPRINT = ALERT | {"fingerprint": "api:5xx"}


@pytest.mark.parametrize(
    ("fired", "ended", "of"),
    [
        ("ci.failed", "ci.passed", CI),
        ("error_rate.exceeded", "error_rate.recovered", ALERT),
        ("error_rate.exceeded", "error_rate.resolved", FINGERPRINT),
        ("error_rate.exceeded", "error_rate.recovered", FINGERPRINT),
        ("task.failed", "task.completed", TASK),
    ],
)
async def test_it_ends_in_place(db: Session, fired: str, ended: str, of: dict[str, object]) -> None:
    """The message is changed at once; the end has none of its own."""
    first = await fire(db, fired, of=of)
    await send(db)
    end = await fire(db, ended, of=of)
    ended_card = await stored(db, first)
    told = ended_card["state"]["resolved"]
    assert (ended_card["phase"], told["event_type"], told["event_id"]) == ("resolved", ended, end)
    assert told["after_s"] >= 0
    assert await posts(db) == [(first, CHANNEL)]
    assert [it["purpose"] for it in await send(db)] == ["update"]
    assert await db.value("select card_id from ops.event_dispatches where event_id = $1", end) == first


async def test_an_end_tells_of_the_newest_that_it_ends(db: Session) -> None:
    """By the order of their events, whichever of a batch had its card first."""
    fired = [await write(db, "task.failed", TASK | {"fingerprint": it}) for it in "aba"]
    await route(db)
    end = await fire(db, "task.completed", of=TASK)
    assert await db.column("select card_id from ops.cards where phase = 'resolved' order by card_id") == sorted(
        fired[:2]
    )
    assert await db.value("select card_id from ops.event_dispatches where event_id = $1", end) == fired[1]


async def test_a_status_in_the_payload_ends_it(db: Session) -> None:
    """As some monitors write it: the same type and severity, resolved."""
    first = await fire(db, "disk.full", of=ALERT, severity="critical")
    await fire(db, "disk.full", of=ALERT, severity="critical", status="resolved")
    assert (await stored(db, first))["phase"] == "resolved"
    assert await posts(db) == [(first, CHANNEL)]


@pytest.mark.parametrize(
    ("ended", "changes"),
    [
        ("ci.passed", {"branch": "other"}),
        ("ci.passed", {"service": "web"}),
        ("ci.passed", {"workflow": "nightly"}),
        ("task.completed", {}),
    ],
)
async def test_what_is_of_something_else_ends_nothing(db: Session, ended: str, changes: dict[str, str]) -> None:
    """And is posted as ever."""
    first = await fire(db, "ci.failed", of=CI)
    other = await fire(db, ended, of=CI, **changes)
    assert (await stored(db, first))["phase"] == "open"
    assert [event for event, _ in await posts(db)] == [first, other]


async def test_where_its_card_does_not_stand_the_end_is_posted(db: Session) -> None:
    """Who reads there has not seen the alert change."""
    first = await fire(db, "ci.failed", of=CI)
    end = await fire(db, "ci.passed", CHANNEL, "#ci", of=CI)
    assert await posts(db) == [(first, CHANNEL), (end, "#ci")]


async def test_a_deploy_ends_the_failures_before_it_and_is_a_message(db: Session) -> None:
    """Of any version: a release has its own card."""
    failed = [await fire(db, "deploy.failed", of=DEPLOY), await fire(db, "deploy.failed", of=DEPLOY, version="1.3")]
    elsewhere = await fire(db, "deploy.failed", of=DEPLOY, environment="staging")
    done = await fire(db, "deploy.completed", of=DEPLOY, version="1.4")
    assert [(await stored(db, it))["phase"] for it in failed] == ["resolved", "resolved"]
    assert (await stored(db, elsewhere))["phase"] == "open"
    assert (await posts(db))[-1] == (done, CHANNEL)
    assert (await stored(db, done))["kind"] == "release"


async def test_who_had_it_in_hand_stays_in_the_history(db: Session) -> None:
    """An acknowledged alert ends as an open one does."""
    first = await fire(db)
    await act(db, card=acknowledged(first))
    await fire(db, "error_rate.recovered")
    ended = await stored(db, first)
    assert (ended["phase"], "acknowledged" in ended["state"]) == ("resolved", True)


async def test_a_click_that_comes_late_finds_it_resolved(db: Session) -> None:
    """Nothing is changed: the handler decides again, on the card as it is."""
    first = await fire(db)
    token = await claimed_click(db)
    await fire(db, "error_rate.recovered")
    late = await settle(db, token, card=acknowledged(first))
    assert (late["settled"], late["card"]["phase"]) == (False, "resolved")
    assert (await card(db, first))["phase"] == "resolved"


async def test_what_fires_after_the_end_is_a_new_card(db: Session) -> None:
    """With a message of its own."""
    first = await fire(db)
    await fire(db, "error_rate.recovered")
    again = await fire(db)
    assert [event for event, _ in await posts(db)] == [first, again]
    assert (await stored(db, again))["phase"] == "open"


async def test_an_end_is_told_once(db: Session) -> None:
    """The second one ends nothing, and is posted as ever."""
    first = await fire(db, "ci.failed", of=CI)
    await fire(db, "ci.passed", of=CI)
    second = await fire(db, "ci.passed", of=CI)
    assert await posts(db) == [(first, CHANNEL), (second, CHANNEL)]
    assert (await stored(db, first))["version"] == 1


async def test_status_counts_what_is_open(db: Session) -> None:
    """A resolved alert is neither open nor acknowledged; one that fires again is as old as its first time."""
    await fire(db)
    await age(db, 60)
    await fire(db)
    [row] = await db.call("service_status_v1")
    assert (row["open_alerts"], row["acknowledged_alerts"]) == (1, 0)
    await fire(db, "error_rate.recovered")
    rows = await db.call("service_status_v1")
    assert [(it["open_alerts"], it["acknowledged_alerts"]) for it in rows] in ([], [(0, 0)])


async def test_a_repeat_that_waits_shows_the_end_at_once(db: Session) -> None:
    """The update that would only count is due now."""
    await fire(db)
    await send(db)
    await fire(db)
    assert await send(db) == []
    await fire(db, "error_rate.recovered")
    [sent] = await send(db)
    assert sent["card"]["phase"] == "resolved"
    assert [it["status"] for it in await updates(db)] == ["sent"]


async def test_the_story_tells_of_repeats_and_the_end(db: Session) -> None:
    """The events that tell of the card."""
    first = await fire(db)
    again, end = await fire(db), await fire(db, "error_rate.recovered")
    story = await db.call("why_v1", asked={"id": first})
    assert {it["event_id"] for it in story["told_by"]} == {again, end}
    assert (await db.call("why_v1", asked={"id": again}))["tells_of"]["card_id"] == first
