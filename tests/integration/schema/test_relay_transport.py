"""set_transport_v1 and transport_v1: the one switch between Socket Mode and HTTP; raise_relay_alarm_v1."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.integration.schema.helpers import Session

EVENTS = "select jsonb_agg(to_jsonb(e) - 'event_id' - 'created_at' order by e.created_at) from ops.platform_events e"


async def events(db: Session) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await db.value(EVENTS) or []
    return found


async def switch(db: Session, transport: str | None, actor: str = "ada") -> Any:  # noqa: ANN401
    return await db.call("set_transport_v1", transport=transport, actor=actor)


async def alarm(db: Session, reason: str = "link_disabled", detail: str | None = "switched off") -> Any:  # noqa: ANN401
    return await db.call("raise_relay_alarm_v1", reason=reason, detail=detail, worker="a")


async def test_a_new_installation_has_sockets(db: Session) -> None:
    """Socket Mode needs no public address."""
    assert await db.call("transport_v1") == "socket"


async def test_the_transport_can_be_switched(db: Session) -> None:
    """There and back; who did it stands in the row."""
    assert await switch(db, "http") == {"transport": "http", "changed": True}
    assert await db.call("transport_v1") == "http"
    assert await db.value("select changed_by from ops.relay_control") == "ada"
    assert await switch(db, "socket") == {"transport": "socket", "changed": True}


async def test_a_switch_is_audited(db: Session) -> None:
    """One event, by whom and to what."""
    await switch(db, "http")
    assert await events(db) == [
        {
            "event_type": "relay.transport",
            "actor": "ada",
            "target": "socket-relay",
            "payload": {
                "severity": "info",
                "service": "pulser",
                "transport": "http",
                "title": "Slack reaches pulser by HTTP requests",
            },
            "status": "ok",
            "error_detail": None,
        }
    ]


async def test_a_switch_to_what_is_on_already_changes_nothing(db: Session) -> None:
    """No event, and the up-time goes on counting from where it did."""
    before = await db.value("select changed_at from ops.relay_control")
    assert await switch(db, "socket") == {"transport": "socket", "changed": False}
    assert await events(db) == []
    assert await db.value("select changed_at from ops.relay_control") == before


@pytest.mark.parametrize("transport", ["pigeon", "", "HTTP", None])
async def test_what_is_no_transport_is_refused(db: Session, transport: str | None) -> None:
    """It says which there are."""
    with pytest.raises(asyncpg.InvalidParameterValueError, match="is no transport") as refused:
        await switch(db, transport)
    assert refused.value.hint == "The transport is socket or http."


async def test_switching_sockets_on_wakes_the_relay_at_once(db: Session) -> None:
    """Not only at the next tick of cron."""
    await db.equip_doorbell()
    await switch(db, "http")
    urls = "select count(*) from net.http_request_queue where url like '%/socket-relay'"
    assert await db.value(urls) == 0
    await switch(db, "socket")
    assert await db.value(urls) == 1


async def test_an_alarm_is_an_event(db: Session) -> None:
    """An error of service pulser, which the default route announces."""
    assert await alarm(db) == {"raised": True}
    [event] = await events(db)
    payload = event.pop("payload")
    assert event == {
        "event_type": "relay.alarm",
        "actor": "socket-relay",
        "target": "socket-relay",
        "status": "error",
        "error_detail": "switched off",
    }
    assert payload == {
        "severity": "error",
        "service": "pulser",
        "title": "The relay is in trouble: link_disabled",
        "summary": "switched off",
        "reason": "link_disabled",
        "worker": "a",
    }


async def test_the_same_alarm_is_raised_once_in_ten_minutes(db: Session) -> None:
    """However many relays see it, and whatever the clock shows: ten minutes after the last one it is news again."""
    await db.run("select ops.raise_relay_alarm_v1('r', 'd', 'a')")
    await db.run("update ops.relay_alarms set raised_at = clock_timestamp() - interval '9 minutes 50 seconds'")
    assert await alarm(db, "r") == {"raised": False}
    await db.run("update ops.relay_alarms set raised_at = clock_timestamp() - interval '10 minutes'")
    assert await alarm(db, "r") == {"raised": True}
    assert len(await events(db)) == 2


async def test_an_alarm_from_the_future_hides_nothing(db: Session) -> None:
    """It was raised before the clock was set back."""
    await db.run("select ops.raise_relay_alarm_v1('r', 'd', 'a')")
    await db.run("update ops.relay_alarms set raised_at = clock_timestamp() + interval '1 hour'")
    assert await alarm(db, "r") == {"raised": True}


async def test_another_reason_is_another_alarm(db: Session) -> None:
    """One trouble does not hide the next."""
    assert [await alarm(db, reason) for reason in ("link_disabled", "invalid_auth")] == [{"raised": True}] * 2


async def test_a_clock_that_was_set_back_does_not_silence_an_alarm(db: Session) -> None:
    """One of tomorrow is no alarm of just now."""
    await alarm(db)
    await db.run("update ops.relay_alarms set raised_at = now() + interval '1 day'")
    assert await alarm(db) == {"raised": True}


async def test_an_alarm_is_kept_short(db: Session) -> None:
    """Whatever an error text brings along."""
    await alarm(db, "r" * 500, "d" * 50_000)
    [event] = await events(db)
    assert (len(event["payload"]["reason"]), len(event["error_detail"])) == (100, 2000)


async def test_an_alarm_needs_no_detail(db: Session) -> None:
    """The reason says enough."""
    assert await alarm(db, detail=None) == {"raised": True}
