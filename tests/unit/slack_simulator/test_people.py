from __future__ import annotations

from pulser_local.slack import SlackSimulator
from tests.unit.slack_simulator.app import Acking
from tests.unit.slack_simulator.caller import Caller


async def test_user_is_told(call: Caller) -> None:
    """users.info gives name and real name."""
    user = (await call("users.info", user="U0ALICE"))["user"]
    assert (user["name"], user["real_name"], user["team_id"]) == ("alice", "Alice Archer", "T0SIMULATOR")


async def test_user_has_a_zone(call: Caller) -> None:
    """By its name, and how far its clocks are ahead of UTC now: half an hour beside the others in Kolkata."""
    user = (await call("users.info", user="U0CAROL"))["user"]
    assert (user["tz"], user["tz_offset"]) == ("Asia/Kolkata", 19_800)


async def test_unknown_user(call: Caller) -> None:
    """users.info knows its own people only."""
    assert (await call("users.info", user="U0NOBODY"))["error"] == "user_not_found"


async def test_all_users(call: Caller) -> None:
    """users.list gives everybody."""
    members = (await call("users.list"))["members"]
    assert [member["name"] for member in members] == ["alice", "bob", "carol", "dave", "erin"]


async def test_groups(call: Caller) -> None:
    """usergroups.list gives the groups, with users when asked."""
    groups = (await call("usergroups.list"))["usergroups"]
    assert ({group["handle"] for group in groups}, "users" in groups[0]) == ({"deployers", "approvers"}, False)
    groups = (await call("usergroups.list", include_users=True))["usergroups"]
    assert "users" in groups[0]


async def test_users_of_a_group(call: Caller) -> None:
    """usergroups.users.list gives the IDs of a group's users."""
    assert (await call("usergroups.users.list", usergroup="S0APPROVERS"))["users"] == ["U0BOB", "U0CAROL"]


async def test_unknown_group(call: Caller) -> None:
    """usergroups.users.list knows its own groups only."""
    assert (await call("usergroups.users.list", usergroup="S0NONE"))["error"] == "no_such_subteam"


async def test_people_are_added(call: Caller) -> None:
    """People and groups can be added."""
    await call.send("POST", "/sim/people", json={"name": "frank"})
    await call.send("POST", "/sim/people", json={"handle": "oncall", "users": ["U0FRANK"]})
    assert (await call("users.info", user="U0FRANK"))["user"]["name"] == "frank"
    assert (await call("usergroups.users.list", usergroup="S0ONCALL"))["users"] == ["U0FRANK"]


async def test_private_message(call: Caller) -> None:
    """chat.postEphemeral shows a message to one user, and to no history."""
    answer = await call("chat.postEphemeral", channel="ops-ci", user="U0BOB", text="psst")
    channel = call.simulator.workspace.find("ops-ci")
    assert channel is not None
    (message,) = call.simulator.ephemerals(channel.id, "U0BOB")
    assert (message["ts"], message["text"]) == (answer["message_ts"], "psst")
    assert call.simulator.workspace.history(channel.id) == []


async def test_private_message_to_a_stranger(call: Caller) -> None:
    """chat.postEphemeral needs a user of the workspace."""
    answer = await call("chat.postEphemeral", channel="ops-ci", user="U0NOBODY", text="psst")
    assert answer["error"] == "user_not_in_channel"


async def test_private_message_cannot_be_updated(call: Caller) -> None:
    """A private message is not there for chat.update."""
    answer = await call("chat.postEphemeral", channel="ops-ci", user="U0BOB", text="psst")
    channel = call.simulator.workspace.find("ops-ci")
    assert channel is not None
    changed = await call("chat.update", channel=channel.id, ts=answer["message_ts"], text="x")
    assert changed["error"] == "message_not_found"


async def test_private_answer_to_a_mention(acking: Acking) -> None:
    """A private message after a mention belongs to it: an event has no response_url."""
    done = await acking.simulator.mention("ops-ci", "help", "U0BOB")
    await acking.call("chat.postEphemeral", channel=done.channel_id, user="U0BOB", text="psst")
    assert [one["text"] for one in done.ephemerals] == ["psst"]


async def test_private_message_is_dismissed(call: Caller) -> None:
    """Its reader can take a private message away."""
    ts = (await call("chat.postEphemeral", channel="ops-ci", user="U0BOB", text="psst"))["message_ts"]
    order = {"channel": "ops-ci", "ts": ts, "user": "U0BOB"}
    assert (await call.send("POST", "/sim/dismiss", json=order)).status == 200
    assert (await call.send("GET", "/sim/ephemerals?user=U0BOB")).body["ephemerals"] == []
    assert (await call.send("POST", "/sim/dismiss", json=order)).status == 404


async def test_a_disabled_group_is_told_to_who_asks_for_it(call: Caller, simulator_unlimited: SlackSimulator) -> None:
    """With the time; otherwise it is as one that never was."""
    simulator_unlimited.interactivity.people.disable_group("S0APPROVERS")
    shown = (await call("usergroups.list", include_disabled=True))["usergroups"]
    assert {it["id"] for it in shown if it["date_delete"]} == {"S0APPROVERS"}
    assert [it["id"] for it in (await call("usergroups.list"))["usergroups"]] == ["S0DEPLOYERS"]
    assert (await call("usergroups.users.list", usergroup="S0APPROVERS"))["error"] == "no_such_subteam"
