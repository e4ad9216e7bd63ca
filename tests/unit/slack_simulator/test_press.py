from __future__ import annotations

import pytest

from pulser_local.slack import CannotAct, Content
from tests.unit.slack_simulator.app import Acking, App, button, card, plain

OPTIONS = [{"text": plain(name), "value": name} for name in ("one", "two")]


async def test_click_tells_who_and_where(acking: Acking) -> None:
    """block_actions has user, team, app, channel and container."""
    channel_id, ts = card(acking.simulator)
    await acking.simulator.press(channel_id, ts, "go", user_id="U0BOB")
    payload = acking.payload
    assert payload["type"] == "block_actions"
    assert payload["user"] == {"id": "U0BOB", "username": "bob", "name": "bob", "team_id": "T0SIMULATOR"}
    assert (payload["team"]["id"], payload["api_app_id"]) == ("T0SIMULATOR", "A0PULSER")
    assert payload["channel"] == {"id": channel_id, "name": "ops-ci"}
    assert payload["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": channel_id,
        "is_ephemeral": False,
    }


async def test_click_has_the_action(acking: Acking) -> None:
    """The action has action_id, block_id, value, type and a time."""
    await acking.simulator.press(*card(acking.simulator), "go")
    (action,) = acking.payload["actions"]
    assert {name: action[name] for name in ("action_id", "block_id", "value", "type")} == {
        "action_id": "go",
        "block_id": "b1",
        "value": "v",
        "type": "button",
    }
    assert float(action["action_ts"]) > 0


async def test_click_has_the_message_as_seen(acking: Acking) -> None:
    """The message stands in the payload as it was when it was pressed."""
    channel_id, ts = card(acking.simulator)
    await acking.simulator.press(channel_id, ts, "go")
    message = acking.simulator.workspace.message(channel_id, ts)
    assert message is not None
    assert acking.payload["message"] == message.to_json()


async def test_click_can_be_answered(acking: Acking) -> None:
    """A click has a trigger_id of its own and a response_url."""
    where = card(acking.simulator)
    first, second = [await acking.simulator.press(*where, "go") for _ in range(2)]
    assert first.trigger_id != second.trigger_id
    assert acking.payload["response_url"].startswith(acking.simulator.url + "/actions/T0SIMULATOR/")


async def test_click_may_carry_another_value(acking: Acking) -> None:
    """A test may press with a value of its own: a forged one."""
    await acking.simulator.press(*card(acking.simulator), "go", value="forged")
    assert acking.payload["actions"][0]["value"] == "forged"


async def test_menu_is_chosen_from(acking: Acking) -> None:
    """A choice in a menu carries the option."""
    menu = {"type": "static_select", "action_id": "pick", "placeholder": plain("Pick"), "options": OPTIONS}
    await acking.simulator.press(*card(acking.simulator, menu), "pick", value="two")
    assert acking.payload["actions"][0]["selected_option"] == OPTIONS[1]


async def test_link_button_is_told_too(acking: Acking) -> None:
    """A button that is a link sends its click as well."""
    await acking.simulator.press(*card(acking.simulator, {**button(), "url": "https://example.com"}), "go")
    assert acking.payload["actions"][0]["url"] == "https://example.com"


async def test_accessory_is_pressed(acking: Acking) -> None:
    """A button beside a text can be pressed."""
    channel = acking.simulator.workspace.find("ops-ci")
    assert channel is not None
    section = {"type": "section", "block_id": "s", "text": plain("x"), "accessory": button("beside")}
    ts = acking.simulator.workspace.post(channel.id, Content("x", blocks=[section])).ts
    await acking.simulator.press(channel.id, ts, "beside")
    assert acking.payload["actions"][0]["block_id"] == "s"


async def test_thread_is_told(acking: Acking) -> None:
    """A click in a thread has the thread in its container."""
    channel_id, ts = card(acking.simulator)
    blocks = [{"type": "actions", "block_id": "b", "elements": [button("in_thread")]}]
    reply = acking.simulator.workspace.post(channel_id, Content("x", blocks=blocks), thread_ts=ts)
    await acking.simulator.press(channel_id, reply.ts, "in_thread")
    assert acking.payload["container"]["thread_ts"] == ts


async def test_failed_click_is_shown(app: App) -> None:
    """A click that reaches nobody shows its user that it did not work."""
    done = await app.simulator.press(*card(app.simulator), "go")
    assert (done.outcome, done.failure) == ("error", "This button did not work. Try again?")


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (("ops-ci", "1.000000", "go"), "no message 1.000000"),
        (("nowhere", "1.000000", "go"), "no channel nowhere"),
    ],
)
async def test_nothing_to_press(app: App, where: tuple[str, str, str], words: str) -> None:
    """What is not there cannot be pressed."""
    with pytest.raises(CannotAct, match=words):
        await app.simulator.press(*where)


async def test_unknown_button(app: App) -> None:
    """A message has only its own buttons."""
    with pytest.raises(CannotAct, match="action_id stop"):
        await app.simulator.press(*card(app.simulator), "stop")


async def test_unknown_user(app: App) -> None:
    """Only people of the workspace can press."""
    with pytest.raises(CannotAct, match="no user U0NOBODY"):
        await app.simulator.press(*card(app.simulator), "go", user_id="U0NOBODY")


async def test_people_by_name(acking: Acking) -> None:
    """A user may be given by name."""
    await acking.simulator.press(*card(acking.simulator), "go", user_id="@carol")
    assert acking.payload["user"]["id"] == "U0CAROL"


async def test_what_was_seen_is_pressed(acking: Acking) -> None:
    """A person may press what a message looked like before it changed: the payload has what was seen."""
    channel_id, ts = card(acking.simulator)
    message = acking.simulator.workspace.message(channel_id, ts)
    assert message is not None
    seen = message.to_json()
    acking.simulator.workspace.update(channel_id, ts, Content("done"))
    await acking.simulator.press_seen(channel_id, seen, "go")
    assert acking.payload["message"] == seen


async def test_private_messages_are_in_order(acking: Acking) -> None:
    """A private message has its place in time among the messages of its channel."""
    channel_id, before = card(acking.simulator)
    done = await acking.simulator.press(channel_id, before, "go")
    await acking.respond(str(done.response_url), text="psst")
    _, after = card(acking.simulator)
    assert before < done.ephemerals[0]["ts"] < after
