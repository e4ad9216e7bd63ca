from __future__ import annotations

import asyncio

from pulser_local.slack import Happening, SlackSimulator
from tests.unit.slack_simulator.app import Acking, App, card


def drained(queue: asyncio.Queue[Happening]) -> list[Happening]:
    """All that is in a queue."""
    return [queue.get_nowait() for _ in range(queue.qsize())]


async def test_interaction_is_told_from_begin_to_end(acking: Acking) -> None:
    """Who watches is told of an interaction when it begins and when its outcome is known."""
    async with acking.simulator.story.subscribe() as queue:
        await acking.simulator.press(*card(acking.simulator), "go", user_id="U0BOB")
        told = drained(queue)
    assert [(one.kind, one.user_id, one.data["outcome"]) for one in told] == [
        ("interaction", "U0BOB", None),
        ("interaction", "U0BOB", "acked"),
    ]


async def test_private_message_is_told(acking: Acking) -> None:
    """Who watches is told of a private message, whose it is and what it answers."""
    acking.answer = lambda _payload: {"text": "well"}
    async with acking.simulator.story.subscribe() as queue:
        done = await acking.simulator.command("/pulser", "status", "U0BOB", "ops-ci")
        told = [one for one in drained(queue) if one.kind == "ephemeral"]
    assert [(one.user_id, one.channel_id, one.interaction_id, one.data["text"]) for one in told] == [
        ("U0BOB", done.channel_id, done.id, "well")
    ]


async def test_modals_are_told(acking: Acking) -> None:
    """Who watches is told which modals a user has open."""
    async with acking.simulator.story.subscribe() as queue:
        view = await acking.open_modal()
        await acking.simulator.close_view(view["id"])
        told = [one for one in drained(queue) if one.kind == "modal"]
    assert [[modal["id"] for modal in one.data["modals"]] for one in told] == [[view["id"]], []]


async def test_failure_is_told(app: App) -> None:
    """Who watches is told of a failure, in the user's words."""
    async with app.simulator.story.subscribe() as queue:
        await app.simulator.command("/pulser", "status")
        told = [one for one in drained(queue) if one.kind == "failure"]
    assert [one.data for one in told] == [{"error": "no_socket", "text": "/pulser failed with the error “no_socket”"}]


async def test_who_no_longer_watches_is_not_told(simulator: SlackSimulator) -> None:
    """After the block nothing is told."""
    async with simulator.story.subscribe() as queue:
        pass
    await simulator.command("/pulser", "status")
    assert queue.empty()


async def test_happenings_are_numbered(acking: Acking) -> None:
    """Happenings are in order, by number."""
    async with acking.simulator.story.subscribe() as queue:
        for _ in range(3):
            await acking.simulator.command("/pulser")
        numbers = [one.number for one in drained(queue)]
    assert numbers == sorted(set(numbers))


async def test_three_hundred_clicks_at_once(acking: Acking) -> None:
    """Hundreds of people press at the same time, and each click has its own outcome."""
    where = card(acking.simulator)
    people = [acking.simulator.interactivity.people.add(f"user{number}").id for number in range(300)]
    done = await asyncio.gather(*(acking.simulator.press(*where, "go", user_id=person) for person in people))
    assert {one.outcome for one in done} == {"acked"}
    assert len({one.trigger_id for one in done}) == 300


async def test_steps_of_an_interaction(acking: Acking) -> None:
    """An interaction knows its steps, in order."""
    acking.answer = lambda _payload: {"text": "well"}
    done = await acking.simulator.command("/pulser", "status")
    await acking.respond(str(done.response_url), text="all hear", response_type="in_channel")
    assert [(step.what, step.detail) for step in done.steps] == [
        ("sent", ""),
        ("acked", "s1"),
        ("private message", done.ephemerals[0]["ts"]),
        ("message", done.messages[0]["ts"]),
    ]


async def test_interaction_by_its_envelope(acking: Acking) -> None:
    """An interaction is found by the envelope that told of it."""
    done = await acking.simulator.command("/pulser", "status")
    assert acking.simulator.story.find(acking.envelopes[0]["envelope_id"]) is done
