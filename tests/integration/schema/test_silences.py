"""Silences in the ledger: what they mute, what they leave, what is told when they begin and end."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notify_dispatch.event import Event
from notify_dispatch.silence import Silence, passing
from pulser.silence import plainly
from tests.integration.schema.acting import act, card, requested_deploy
from tests.integration.schema.ageing import age
from tests.integration.schema.firing import route, send
from tests.integration.schema.helpers import CHANNEL, Session, session
from tests.integration.schema.silences import (
    ADA,
    BOB,
    begin,
    dispatch,
    end,
    let_it_pass,
    news,
    record,
    settle_news,
    write,
)


async def test_a_covered_event_gets_no_message_and_is_counted(db: Session) -> None:
    """Its dispatch names the silence."""
    silence = await begin(db)
    event = await record(db, silence)
    assert await dispatch(db, event) == ("silenced", silence, 0)
    [told] = await db.call("list_silences_v1", filter={})
    assert (told["muted"], told["types"]) == (1, [{"event_type": "ci.failed", "events": 1}])


async def test_what_the_event_means_beside_its_message_stays(db: Session) -> None:
    """The news of the service; but no card, since nobody sees a message to act on."""
    silence = await begin(db)
    fact = {"service": "api", "environment": "production", "aspect": "ci", "what": "failed"}
    event = await record(db, silence, fact=fact, card={"kind": "alert", "service": "api"})
    [status] = await db.call("service_status_v1")
    assert (status["ci"]["what"], status["open_alerts"]) == ("failed", 0)
    assert await card(db, event) is not None  # as it would be drawn; nothing is stored
    assert await db.value("select count(*) from ops.cards") == 0


async def test_what_its_card_tells_is_not_muted(db: Session) -> None:
    """A deed, a deploy's result: where the card stands nothing was taken; elsewhere their own message was."""
    deploy = await requested_deploy(db, phase="approved")
    await route(db)
    await send(db)
    silence = await begin(db)
    approval = {"event_type": "deploy.approved", "card_id": deploy}
    result = {"deploy_id": deploy, "service": "api", "environment": "production", "what": "completed"}
    seen = [
        await record(db, silence, **approval),
        await record(db, silence, **approval, deliveries=[{"route": "audit", "channel": "#audit"}]),
        await record(db, silence, event_type="deploy.completed", deploy_result=result),
    ]
    assert [await dispatch(db, it) for it in seen] == [
        ("routed", None, 0),
        ("silenced", silence, 0),
        ("routed", None, 0),
    ]
    assert (await card(db, deploy))["phase"] == "completed"
    [told] = await db.call("list_silences_v1", filter={})
    assert (told["muted"], told["types"]) == (1, [{"event_type": "deploy.approved", "events": 1}])
    assert (await db.call("preview_silence_v1", silence={"service": "api"}))["muted"] == 1
    await end(db, silence)
    [payload] = await news(db, "silence.ended")
    assert payload["summary"].endswith("It muted 1 event: 1 deploy.approved.")


async def test_a_silence_that_was_ended_meanwhile_mutes_nothing(db: Session) -> None:
    """The router claimed the event before; the ledger looks once more."""
    silence = await begin(db)
    [event] = await db.emit()
    claim = await db.claim_events()
    await end(db, silence)
    await write(db, claim["claim_token"], event, silence)
    assert await dispatch(db, event) == ("routed", None, 1)


async def test_a_silence_whose_time_is_over_mutes_nothing(db: Session) -> None:
    """Though the cron job has not come by yet."""
    silence = await begin(db)
    await let_it_pass(db, silence)
    assert await dispatch(db, await record(db, silence)) == ("routed", None, 1)


async def test_of_several_silences_the_first_that_lasts_mutes(db: Session) -> None:
    """Each event is counted once."""
    first, second = await begin(db), await begin(db)
    await end(db, first)
    await settle_news(db)
    event = await record(db, first, second)
    assert await dispatch(db, event) == ("silenced", second, 0)


async def test_what_goes_nowhere_is_not_counted(db: Session) -> None:
    """No route took it."""
    silence = await begin(db)
    event = await record(db, silence, deliveries=[])
    assert await dispatch(db, event) == ("unrouted", None, 0)


async def test_routers_are_given_the_silences_that_last(db: Session) -> None:
    """The oldest first."""
    over, first, second = await begin(db), await begin(db), await begin(db, service=None, event_pattern="ci.*")
    await end(db, over)
    [*_] = await db.emit()
    given = (await db.claim_events())["silences"]
    assert [it["silence_id"] for it in given] == [first, second]
    assert (given[1]["service"], given[1]["event_pattern"]) == (None, "ci.*")


async def test_a_beginning_is_told_once(db: Session) -> None:
    """Twice the same id makes one silence and one event."""
    silence = await begin(db, reason="rebuild")
    ends_at = await db.value("select to_jsonb(clock_timestamp() + interval '1 hour')")
    told = {"silence_id": silence, "ends_at": ends_at, "created_by": BOB}
    again = await db.call("start_silence_v1", silence=told, actor="bob")
    assert (again["started"], again["silence"]["created_by"]) == (False, ADA)
    [payload] = await news(db, "silence.started")
    assert (payload["title"], payload["service"], payload["reason"]) == ("api is silenced", "api", "rebuild")
    assert payload["summary"].startswith("By ada, from ")


async def test_an_end_by_hand_tells_who_and_how_much(db: Session) -> None:
    """By type, the most frequent first."""
    silence = await begin(db, event_pattern="*", environment="prod*")
    for event_type in ("ci.passed", "ci.failed", "ci.failed"):
        await record(db, silence, event_type=event_type)
    assert (await end(db, silence))["ended"]
    assert not (await end(db, silence))["ended"]
    [payload] = await news(db, "silence.ended")
    assert payload["title"] == "api in prod* is heard again"
    assert payload["summary"].endswith("Ended before its time by bob. It muted 3 events: 2 ci.failed, 1 ci.passed.")
    assert "environment" not in payload
    assert payload["silence"]["muted"] == 3


async def test_an_end_in_time_is_told_by_the_cron_job(db: Session) -> None:
    """Once, and only of what is over."""
    silence, _ = await begin(db), await begin(db)
    await let_it_pass(db, silence)
    assert [await db.call("end_silences_v1") for _ in range(2)] == [1, 0]
    [payload] = await news(db, "silence.ended")
    assert payload["summary"].endswith("UTC. It muted nothing.")
    [told] = await db.call("list_silences_v1", filter={"silence_id": silence})
    assert (told["ended_by"], told["ended_at"]) == (None, told["ends_at"])


async def test_nobody_ends_a_silence_too_early_in_the_name_of_time(db: Session) -> None:
    """Without a person its time must be over."""
    silence = await begin(db)
    assert not (await end(db, silence, None))["ended"]
    assert [it["silence_id"] for it in await db.call("list_silences_v1", filter={"live": True})] == [silence]


async def test_an_unknown_silence_does_not_end(db: Session) -> None:
    """Nothing is told."""
    answer = await end(db, "11111111-1111-4111-8111-111111111111")
    assert answer == {"ended": False, "silence": None}


async def test_a_click_begins_and_ends_with_its_settle(db: Session) -> None:
    """Each with an audit event that names the envelope; a second one is to be decided anew."""
    change = {"action": "start", "silence_id": "11111111-1111-4111-8111-111111111111", "created_by": ADA}
    begins = change | {"service": "api", "ends_at": "2999-01-01T00:00:00Z"}
    with pytest.raises(asyncpg.CheckViolationError):
        await act(db, silence=begins)
    ends_at = await db.value("select to_jsonb(clock_timestamp() + interval '1 hour')")
    settled = await act(db, silence=begins | {"ends_at": ends_at})
    again = await act(db, silence=begins | {"ends_at": ends_at})
    over = await act(db, silence={"action": "end", "silence_id": change["silence_id"], "ended_by": BOB})
    twice = await act(db, silence={"action": "end", "silence_id": change["silence_id"], "ended_by": BOB})
    assert [it["settled"] for it in (settled, again, over, twice)] == [True, False, True, False]
    assert (again["reason"], twice["reason"]) == ("silence_changed", "silence_changed")
    assert sorted(settled["event_ids"]) == ["main", "silence"]
    [started], [ended] = await news(db, "silence.started"), await news(db, "silence.ended")
    assert started["envelope_id"].startswith("envelope-")
    assert ended["slack_user"] == "U1"


async def test_a_preview_counts_what_had_a_message(db: Session) -> None:
    """By type and service, the newest first; critical ones and pulser's own are told apart."""
    await begin(db, service="other")
    for event_type, severity in (("ci.failed", "error"), ("ci.failed", "critical"), ("task.failed", None)):
        event = await db.call(
            "append_event_v1", event_type=event_type, payload={"service": "api", "severity": severity, "title": "t"}
        )
        await db.record((await db.claim_events())["claim_token"], [(event, [CHANNEL])])
    nowhere = await db.call("append_event_v1", event_type="ci.failed", payload={"service": "api"})
    await db.record((await db.claim_events())["claim_token"], [(nowhere, [])])
    seen = await db.call("preview_silence_v1", silence={"service": "api", "event_pattern": "*"})
    assert (seen["muted"], seen["passing"], seen["looked_through"]) == (2, 1, 3)
    assert [it["event_type"] for it in seen["newest"]] == ["task.failed", "ci.failed"]
    assert seen["types"][0] == {"event_type": "ci.failed", "service": "api", "events": 1}
    assert not seen["is_cut"]
    cut = await db.call("preview_silence_v1", silence={"service": "api"}, most=2)
    assert (cut["looked_through"], cut["is_cut"]) == (2, True)
    only = await db.call("preview_silence_v1", silence={"service": "a?i", "event_pattern": "task.*"})
    assert (only["muted"], only["passing"]) == (1, 0)


async def test_what_was_silenced_counts_in_a_preview(db: Session) -> None:
    """It would have had a message."""
    await record(db, await begin(db))
    assert (await db.call("preview_silence_v1", silence={"service": "api"}))["muted"] == 1


async def test_why_an_event_has_no_message(db: Session) -> None:
    """The story names the silence and who made it."""
    silence = await begin(db)
    event = await record(db, silence, verdicts=[{"route": "test", "channel": CHANNEL, "used": True, "why": "it fits"}])
    story = await db.call("why_v1", asked={"id": event})
    assert (story["dispatch"]["status"], story["silence"]["silence_id"]) == ("silenced", silence)
    assert story["silence"]["created_by"] == ADA
    assert (await db.call("event_story_v1", event_id=event))["dispatch"]["silence_id"] == silence
    page = await db.call("replay_events_v1", since=await db.value("select now() - interval '1 hour'"))
    assert [it["is_silenced"] for it in page["events"] if it["event"]["event_id"] == event] == [True]


async def test_metrics_tell_of_silences(db: Session) -> None:
    """Those of everything apart."""
    silence = await begin(db)
    await begin(db, service=None)
    await record(db, silence)
    found = {(it["name"], it["labels"].get("scope")): it["value"] for it in await db.call("metrics_v1")}
    assert found["pulser_live_silences", "everything"] == found["pulser_live_silences", "part"] == 1
    assert found["pulser_recent_silenced_events", None] == 1


async def test_a_silence_is_kept_as_long_as_its_events(db: Session) -> None:
    """Ninety days after both are over they go; a count goes with its silence."""
    silence = await begin(db)
    await record(db, silence)
    await end(db, silence)
    await db.run(
        "update ops.silences set created_at = created_at - interval '91 days', "
        "ends_at = ends_at - interval '91 days', ended_at = ended_at - interval '91 days'"
    )
    await db.call("prune_ledger_v1")
    assert await db.value("select count(*) from ops.silences") == 1
    await age(db)
    await db.call("prune_ledger_v1")
    assert await db.value("select count(*) from ops.silences") == 0
    assert await db.value("select count(*) from ops.silence_counts") == 0


PATTERNS = st.text(alphabet="ab.%_\\*?-é", min_size=1, max_size=5)
VALUES = st.text(alphabet="ab.%_\\*?-é", max_size=5) | st.none()
SEVERITIES = st.sampled_from(["critical", " CRITICAL\t", "fatal", "emergency", "error", "", None, "critical!"])
TYPES = st.sampled_from(["ci.failed", "deploy.requested", "relay.alarm", "delivery.dead", "silence.x", "relay", "a.b"])
PAYLOADS = st.fixed_dictionaries({"service": VALUES, "severity": SEVERITIES}) | st.just([1]) | st.none()
ROWS = st.fixed_dictionaries({"event_id": st.just("e"), "event_type": TYPES, "payload": PAYLOADS})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(service=PATTERNS | st.none(), pattern=PATTERNS, row=ROWS)
def test_the_ledger_and_the_router_decide_alike(
    shared_database_url: str, service: str | None, pattern: str, row: dict[str, Any]
) -> None:
    """What a preview counts is what would be muted: the same patterns, the same exceptions."""
    event = Event.from_json(row)

    async def asked() -> list[bool]:
        patterns = {"service": service, "event_pattern": pattern, "environment": None}
        async with session(shared_database_url) as db:
            fits = await db.call("silence_matches_v1", **patterns, event=row)
            return [fits, await db.call("passes_silences_v1", event=row)]

    assert asyncio.run(asked()) == [Silence("s", service, pattern).fits(event), passing(event) is not None]


@pytest.mark.parametrize(
    ("service", "event_pattern", "environment"),
    [
        ("api", "ci.*", "production"),
        ("api", "*", None),
        (None, "ci.*", None),
        (None, "ci.*", "staging"),
        (None, "*", "staging"),
        (None, "*", None),
    ],
)
async def test_its_event_says_what_it_covers_as_people_read_it_elsewhere(
    db: Session, service: str | None, event_pattern: str, environment: str | None
) -> None:
    """The title of silence.started is in the words of `pulser silences list`."""
    covers: dict[str, Any] = {"service": service, "event_pattern": event_pattern, "environment": environment}
    await begin(db, **covers)
    [payload] = await news(db, "silence.started")
    assert payload["title"] == f"{plainly(covers)} is silenced"
