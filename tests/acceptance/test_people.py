"""What people see who act from Slack, with everything running as a user starts it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.acceptance.people import Workplace, at_a_rate, workplace
from tests.acceptance.stack import until

CROWD = 100


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Workplace]:
    """A workspace with pulser behind it."""
    async with workplace(tmp_path) as up:
        yield up


def notes(place: Workplace, user_id: str) -> list[str]:
    """What this person was told in private."""
    return [str(note["text"]) for note in place.simulator.ephemerals(None, user_id)]


async def test_of_a_hundred_people_one_acts_and_the_others_are_told(place: Workplace) -> None:
    """A hundred presses of one button within a second: one effect, 99 private notes, every press acked."""
    crowd = [place.simulator.interactivity.people.add(f"person{number}") for number in range(CROWD)]
    alert = await place.alert()
    pressed = await at_a_rate(CROWD, [place.click(alert, person.id) for person in crowd])
    await place.settled()
    assert Counter(one.outcome for one in pressed) == {"acked": CROWD}
    effects = "select count(*) from ops.platform_events where event_type = 'alert.acknowledged'"
    assert await place.value(effects) == 1
    assert Counter(len(notes(place, person.id)) for person in crowd) == {1: CROWD - 1, 0: 1}
    assert await place.value("select version from ops.cards where card_id = $1", alert.event_id) == 1


async def test_every_press_of_the_crowd_is_audited(place: Workplace) -> None:
    """Each envelope has its event, with the envelope's id and the user."""
    crowd = [place.simulator.interactivity.people.add(f"person{number}") for number in range(10)]
    alert = await place.alert()
    pressed = await asyncio.gather(*(place.click(alert, person.id) for person in crowd))
    await place.settled()
    audited = await place.value(
        "select jsonb_object_agg(payload ->> 'envelope_id', payload ->> 'slack_user') from ops.platform_events "
        "where actor = 'action-handler'"
    )
    assert json.loads(audited) == {one.envelope_id: one.user_id for one in pressed}


async def test_a_command_is_answered_while_the_other_function_is_down(place: Workplace) -> None:
    """Commands need nothing of the action-handler."""
    place.kill("action-handler")
    answers = await asyncio.gather(*(place.simulator.command("/pulser", "status") for _ in range(10)))
    assert [one.outcome for one in answers] == ["acked"] * 10
    assert all(one.ephemerals for one in answers)


async def test_a_command_of_a_dead_function_is_acked_with_a_word(place: Workplace) -> None:
    """Its user is told at once that it is recorded, and has the answer once the function is back."""
    place.kill("command-handler")
    asked = await place.simulator.command("/pulser", "help")
    assert asked.outcome == "acked"
    # Where the installed pg_cron knows no seconds (1.4), the sweep that rings the function again comes each minute.
    await until(lambda: _answered(asked.ephemerals), limit=100)
    assert asked.ephemerals


async def test_health_is_told_while_a_function_is_down(place: Workplace) -> None:
    """It answers within Slack's time, and says which one is missing."""
    place.kill("action-handler")
    asked = await place.simulator.command("/pulser", "health")
    assert asked.outcome == "acked"
    assert "action-handler" in json.dumps(asked.ephemerals)


async def test_a_refresh_under_load_loses_nothing(place: Workplace) -> None:
    """Slack announces the end of each connection in turn while people click: every click is acked and has effect."""
    alerts = [await place.alert() for _ in range(2)]
    before = {one.id for one in place.simulator.sockets.live}

    async def refresh() -> None:
        for socket_id in sorted(before):
            place.simulator.sockets.get(socket_id).disconnect("refresh_requested")
            await asyncio.sleep(1)

    refreshing = asyncio.create_task(refresh())
    clicks = [place.click(alerts[number % 2], "U0ALICE") for number in range(300)]
    pressed = await at_a_rate(100, clicks)
    await refreshing
    await place.settled()
    assert Counter(one.outcome for one in pressed) == {"acked": 300}
    recorded = "select count(*) from ops.slack_envelopes where status = 'completed' and event_type = 'interactive'"
    assert await place.value(recorded) == 300


async def test_a_refresh_replaces_the_connection(place: Workplace) -> None:
    """The successor is there before the old one goes, and then the old one goes."""
    old, _ = place.simulator.sockets.live
    old.disconnect("refresh_requested")
    await until(lambda: _is(place, lambda live: len(live) == 3 and old.id in live), limit=15)
    await until(lambda: _is(place, lambda live: len(live) == 2 and old.id not in live), limit=30)


async def test_a_half_open_connection_is_replaced_while_the_other_serves(place: Workplace) -> None:
    """A connection goes mute without a word: another one stands in for it, and no click on the other is lost."""
    alert = await place.alert()
    mute, other = place.simulator.sockets.live
    mute.mute()
    # Clicks go to both in turn, as Slack knows nothing of it. After 15 s and this machine's slack all are served again.
    clicks = [place.click(alert, "U0ALICE") for _ in range(36)]
    await at_a_rate(2, clicks)
    by_socket: dict[str, list[bool]] = defaultdict(list)
    acked = {ack.envelope_id for ack in place.simulator.sockets.acks}
    for sent in place.simulator.sockets.log.sent:
        by_socket[sent.socket_id].append(sent.envelope_id in acked)
    successors = by_socket.keys() - {mute.id, other.id}
    assert successors
    assert all(all(by_socket[socket_id]) for socket_id in {other.id, *successors})


async def _is(place: Workplace, condition: Callable[[set[str]], bool]) -> bool:
    return condition({one.id for one in place.simulator.sockets.live})


async def _answered(ephemerals: list[dict[str, object]]) -> bool:
    return "/pulser status" in json.dumps(ephemerals)
