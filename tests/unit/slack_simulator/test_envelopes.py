from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from pulser_local.slack import Ack
from tests.unit.slack_simulator.app import App, card, until

Turn = Callable[[float], None]


def last_ack(app: App) -> Ack:
    return app.simulator.sockets.acks[-1]


async def test_envelope_has_slacks_fields(app: App) -> None:
    """An envelope has its ID, type and payload, and says whether it takes an answer."""
    socket = await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser", "status"))
    envelope = await socket.message()
    assert envelope.keys() == {"envelope_id", "type", "payload", "accepts_response_payload"}
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    await socket.ack(envelope)
    await command


async def test_ack_settles(app: App) -> None:
    """An acked interaction tells when, on which socket, and with what."""
    socket = await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser", "status"))
    await socket.ack(await socket.message(), {"text": "all is well"})
    done = await command
    assert (done.outcome, done.ack_payload, done.attempts[0].via) == ("acked", {"text": "all is well"}, "s1")
    assert done.acked_after is not None
    assert done.acked_after < 3


async def test_acks_are_logged(app: App) -> None:
    """The log of acks has socket, envelope, time and payload."""
    socket = await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser"))
    envelope = await socket.message()
    await socket.ack(envelope, {"text": "x"})
    await command
    ack = last_ack(app)
    assert (ack.socket_id, ack.envelope_id, ack.payload) == ("s1", envelope["envelope_id"], {"text": "x"})
    assert ack.problem is None


async def test_three_seconds_without_ack(turned: App, turn: Turn) -> None:
    """After three seconds without an ack the interaction has timed out."""
    await turned.connect()
    command = asyncio.create_task(turned.simulator.command("/pulser"))
    await asyncio.sleep(0)
    turn(2.9)
    assert not turned.simulator.story.interactions[0].outcome
    turn(0.1)
    assert (await command).outcome == "timeout"


async def test_late_ack_changes_nothing(turned: App, turn: Turn) -> None:
    """An ack after the three seconds is logged as late."""
    socket = await turned.connect()
    command = asyncio.create_task(turned.simulator.command("/pulser"))
    envelope = await socket.message()
    turn(3.01)
    await socket.ack(envelope)
    await until(lambda: bool(turned.simulator.sockets.acks))
    assert ((await command).outcome, last_ack(turned).problem) == ("timeout", "late")


async def test_clicks_are_not_retried(turned: App, turn: Turn) -> None:
    """A click that nobody acked is sent once only."""
    await turned.connect()
    click = asyncio.create_task(turned.simulator.press(*card(turned.simulator), "go"))
    await asyncio.sleep(0)
    for seconds in (3, 60, 300):
        turn(seconds)
    assert (await click).outcome == "timeout"
    assert len(turned.simulator.sockets.log.sent) == 1


async def test_nobody_there(app: App) -> None:
    """Without a socket the user is told at once."""
    done = await app.simulator.command("/pulser", "status")
    assert (done.outcome, done.error) == ("error", "no_socket")
    assert done.failure == "/pulser failed with the error “no_socket”"


async def test_sockets_take_turns(app: App) -> None:
    """Each envelope goes to one socket, in turn."""
    for _ in range(2):
        await app.connect()
    for _ in range(4):
        app.simulator.sockets.inject({"envelope_id": "e", "type": "x", "payload": {}})
    assert [one.socket_id for one in app.simulator.sockets.log.sent] == ["s1", "s2", "s1", "s2"]


async def test_given_socket(app: App) -> None:
    """An envelope can be sent to a socket of one's choice."""
    for _ in range(2):
        await app.connect()
    app.simulator.sockets.inject({"envelope_id": "e", "type": "x", "payload": {}}, "s2")
    assert app.simulator.sockets.log.sent[-1].socket_id == "s2"


async def test_ghosts_take_envelopes(app: App) -> None:
    """Ghosts take their turn when told so, and what they take is lost."""
    settings = app.simulator.sockets.settings
    settings.ghosts, settings.ghosts_take, settings.ack_seconds = 1, True, 0.05
    socket = await app.connect()
    first = app.simulator.sockets.inject({"envelope_id": "e1", "type": "x", "payload": {}})
    second = app.simulator.sockets.inject({"envelope_id": "e2", "type": "x", "payload": {}})
    await socket.ack(await socket.message())
    assert [(await first).outcome, (await second).outcome] == ["acked", "timeout"]


async def test_foreign_socket_takes_half(app: App) -> None:
    """A socket of another process acks what it gets, and the app never sees it."""
    app.simulator.sockets.settings.foreign = 1
    await app.connect()
    for number in range(10):
        app.simulator.sockets.inject({"envelope_id": f"e{number}", "type": "x", "payload": {}})
    takers = Counter(one.socket_id for one in app.simulator.sockets.log.sent)
    assert takers == {"s1": 5, "foreign": 5}


async def test_ack_on_another_socket_counts(app: App) -> None:
    """An ack may come on another socket; the log says so."""
    first, second = await app.connect(), await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser"))
    await second.ack(await first.message())
    assert ((await command).outcome, last_ack(app).problem) == ("acked", "other_socket")


async def test_ack_on_another_socket_may_not_count(app: App) -> None:
    """By a switch an ack counts on its own socket only."""
    app.simulator.sockets.settings.other_socket_acks = False
    first, second = await app.connect(), await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser"))
    envelope = await first.message()
    await second.ack(envelope)
    await until(lambda: bool(app.simulator.sockets.acks))
    assert not command.done()
    await first.ack(envelope)
    assert (await command).outcome == "acked"


async def test_second_ack_is_noted(app: App) -> None:
    """A second ack of an envelope is logged as such."""
    socket = await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser"))
    envelope = await socket.message()
    await socket.ack(envelope)
    await socket.ack(envelope)
    await command
    await until(lambda: len(app.simulator.sockets.acks) == 2)
    assert last_ack(app).problem == "twice"


async def test_payload_that_was_not_asked_for(app: App) -> None:
    """A payload for an envelope that takes none acks it, is not used, and is noted."""
    app.simulator.sockets.settings.block_actions_accept_payload = False
    socket = await app.connect()
    click = asyncio.create_task(app.simulator.press(*card(app.simulator), "go"))
    await socket.ack(await socket.message(), {"text": "x"})
    done = await click
    assert (done.outcome, done.ack_payload, last_ack(app).problem) == ("acked", None, "payload_not_accepted")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no json", "not_json"),
        ("[]", "not_json"),
        ("{}", "no_envelope_id"),
        ('{"envelope_id": 1}', "no_envelope_id"),
        ('{"envelope_id": "unheard of"}', "unknown_envelope"),
    ],
)
async def test_bad_acks_are_noted(app: App, text: str, problem: str) -> None:
    """What is no ack of anything is logged with what is wrong with it."""
    socket = await app.connect()
    await socket.raw.send_str(text)
    await until(lambda: bool(app.simulator.sockets.acks))
    assert last_ack(app).problem == problem


async def test_binary_ack_is_noted(app: App) -> None:
    """A binary frame is no ack."""
    socket = await app.connect()
    await socket.raw.send_bytes(b"{}")
    await until(lambda: bool(app.simulator.sockets.acks))
    assert last_ack(app).problem == "binary"


async def test_duplicate_with_the_same_id(app: App) -> None:
    """An envelope may go out twice, on two sockets, under one ID."""
    app.simulator.sockets.settings.duplicate = "same_id"
    first, second = await app.connect(), await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser"))
    one, two = await first.message(), await second.message()
    assert one == two
    await first.ack(one)
    await command


async def test_duplicate_with_a_new_id(app: App) -> None:
    """The same click may go out under two IDs; an ack of either counts."""
    app.simulator.sockets.settings.duplicate = "new_id"
    first, second = await app.connect(), await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser"))
    one, two = await first.message(), await second.message()
    assert (one["envelope_id"] != two["envelope_id"], one["payload"]) == (True, two["payload"])
    await second.ack(two)
    assert (await command).outcome == "acked"


async def test_duplicate_share(app: App) -> None:
    """A share of the envelopes is doubled, without chance."""
    settings = app.simulator.sockets.settings
    settings.duplicate, settings.duplicate_share = "same_id", 0.2
    await app.connect()
    for number in range(50):
        app.simulator.sockets.inject({"envelope_id": f"e{number}", "type": "x", "payload": {}})
    assert len(app.simulator.sockets.log.sent) == 60


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [("foreign_app_id", "A0OTHER", "api_app_id"), ("foreign_team_id", "T0OTHER", "team_id")],
)
async def test_foreign_payloads(app: App, setting: str, value: str, name: str) -> None:
    """Envelopes of another app or team may come."""
    setattr(app.simulator.sockets.settings, setting, value)
    socket = await app.connect()
    command = asyncio.create_task(app.simulator.command("/pulser"))
    envelope = await socket.message()
    assert envelope["payload"][name] == value
    await socket.ack(envelope)
    await command
