from __future__ import annotations

from typing import Any

import pytest

from tests.unit.slack_simulator.app import Acking, App, button, card, modal, plain
from tests.unit.slack_simulator.caller import Caller

Json = dict[str, Any]


async def do(call: Caller, deed: str, **order: object) -> Json:
    """Do something as a person; the interaction."""
    answer = await call.send("POST", f"/sim/{deed}", json=order)
    assert answer.status == 200, answer
    return dict(answer.body["interaction"] or {})


async def test_press(call: Caller, acking: Acking) -> None:
    """A button is pressed, and the answer tells what became of it."""
    channel, ts = card(acking.simulator)
    done = await do(call, "press", channel=channel, ts=ts, action_id="go", user="bob")
    assert (done["outcome"], done["user_id"], done["what"]) == ("acked", "U0BOB", "go")


async def test_press_of_what_was_seen(call: Caller, acking: Acking) -> None:
    """A button is pressed in a message as it was seen."""
    channel, ts = card(acking.simulator)
    message = acking.simulator.workspace.message(channel, ts)
    assert message is not None
    acking.simulator.workspace.delete(channel, ts)
    done = await do(call, "press", channel=channel, seen=message.to_json(), action_id="go")
    assert done["outcome"] == "acked"


async def test_press_in_a_view(call: Caller, acking: Acking) -> None:
    """A button of a modal is pressed."""
    section = {"type": "section", "text": plain("x"), "accessory": button("more")}
    view = await acking.open_modal(modal(section))
    assert (await do(call, "press", view_id=view["id"], action_id="more"))["outcome"] == "acked"


async def test_command(call: Caller, acking: Acking) -> None:
    """A command is typed, and what its user sees is in the answer."""
    acking.answer = lambda _payload: {"text": "well"}
    done = await do(call, "command", command="/pulser", text="status", user="bob", channel="ops-ci")
    assert [one["text"] for one in done["ephemerals"]] == ["well"]


async def test_modal_is_submitted(call: Caller, acking: Acking) -> None:
    """A modal is listed, filled in and submitted."""
    await acking.open_modal()
    (view,) = (await call.send("GET", "/sim/modals?user=U0ALICE")).body["modals"]
    done = await do(call, "submit_view", view_id=view["id"], values={"reason": "x"})
    assert (done["kind"], done["outcome"]) == ("view_submission", "acked")


async def test_empty_field_is_explained(call: Caller, acking: Acking) -> None:
    """A modal with an empty field is not submitted, and the answer names the field."""
    view = await acking.open_modal()
    answer = await call.send("POST", "/sim/submit_view", json={"view_id": view["id"]})
    assert (answer.status, "reason" in answer.body["error"]) == (409, True)


async def test_modal_is_closed(call: Caller, acking: Acking) -> None:
    """A modal is closed."""
    view = await acking.open_modal()
    await do(call, "close_view", view_id=view["id"])
    assert (await call.send("GET", "/sim/modals?user=U0ALICE")).body["modals"] == []


async def test_words(call: Caller, acking: Acking) -> None:
    """A message is written; a mention is told to the app."""
    assert await do(call, "say", channel="ops-ci", text="hello") == {}
    assert (await do(call, "mention", channel="ops-ci", text="hello"))["kind"] == "event"
    assert len(acking.envelopes) == 1


async def test_any_event(call: Caller, acking: Acking) -> None:
    """Any event is sent."""
    done = await do(call, "event", event={"type": "team_join"})
    assert (done["what"], acking.payload["event"]) == ("team_join", {"type": "team_join"})


async def test_interactions_are_listed(call: Caller, acking: Acking) -> None:
    """The interactions are given, by user and kind, and each by its ID."""
    first = await do(call, "command", command="/pulser", user="alice")
    await do(call, "command", command="/pulser", user="bob")
    path = "/sim/interactions?user=U0ALICE&kind=slash_command"
    assert (await call.send("GET", path)).body["interactions"] == [first]
    assert (await call.send("GET", f"/sim/interactions/{first['id']}")).body["interaction"] == first
    assert len(acking.envelopes) == 2


async def test_people_are_listed(call: Caller) -> None:
    """Users and groups are given."""
    body = (await call.send("GET", "/sim/people")).body
    assert (body["users"][0]["id"], body["groups"][0]["id"]) == ("U0ALICE", "S0DEPLOYERS")


@pytest.mark.parametrize(
    ("deed", "order", "words"),
    [
        ("press", {"channel": "ops-ci", "ts": "1.0", "action_id": "go"}, "no message"),
        ("press", {"action_id": "go"}, "no channel"),
        ("press", {"view_id": "V0", "action_id": "go"}, "no view"),
        ("command", {"command": "/pulser", "user": "U0NOBODY"}, "no user"),
        ("close_view", {"view_id": "V0"}, "no view"),
    ],
)
async def test_what_nobody_can_do(call: Caller, app: App, deed: str, order: Json, words: str) -> None:
    """What is impossible is told with 409."""
    answer = await call.send("POST", f"/sim/{deed}", json=order)
    assert (answer.status, words in answer.body["error"]) == (409, True)
    assert len(app.simulator.sockets.log.sent) == 0


async def test_triggers_are_shortened(call: Caller, acking: Acking) -> None:
    """A trigger may be as good as used up when it arrives."""
    await call.send("PUT", "/sim/triggers", json={"lag": 5})
    await acking.simulator.command("/pulser")
    answer = await acking.call("views.open", trigger_id=acking.payload["trigger_id"], view=modal())
    assert answer["error"] == "expired_trigger_id"


async def test_unknown_interaction(call: Caller) -> None:
    """An interaction that is not there is not found."""
    assert (await call.send("GET", "/sim/interactions/i9")).status == 404
