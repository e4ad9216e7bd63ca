from __future__ import annotations

import asyncio

import pytest

from pulser_local.slack import Author, Content, Workspace
from tests.unit.slack_simulator.caller import Hands


@pytest.fixture
def workspace(hands: Hands) -> Workspace:
    return Workspace(now=hands.read)


@pytest.fixture
def channel_id(workspace: Workspace) -> str:
    channel = workspace.find("ops-ci")
    assert channel is not None
    return channel.id


def test_default_channels_are_there(workspace: Workspace) -> None:
    """A new workspace has the channels of the default routes."""
    names = [channel.name for channel in workspace.channels.values()]
    assert names == ["ops-alerts", "ops-deploy", "ops-ci", "ops-tasks", "ops-audit", "general"]


@pytest.mark.parametrize("spelling", ["ops-ci", "#ops-ci"])
def test_find_takes_names(workspace: Workspace, channel_id: str, spelling: str) -> None:
    """A channel is found by its name with and without #."""
    found = workspace.find(spelling)
    assert found is not None
    assert found.id == channel_id


def test_find_takes_ids(workspace: Workspace, channel_id: str) -> None:
    """A channel is found by its ID."""
    assert workspace.find(channel_id) == workspace.channels[channel_id]


def test_find_knows_no_stranger(workspace: Workspace) -> None:
    """An unknown name finds nothing."""
    assert workspace.find("#nowhere") is None


def test_channel_id_follows_from_name(channel_id: str) -> None:
    """Two workspaces give a channel of one name one ID, so that configuration can name it."""
    assert channel_id in Workspace().channels
    assert channel_id.startswith("C")


@pytest.mark.parametrize("name", ["", "Ops", "two words", "#ops", "a.b", "x" * 81])
def test_bad_channel_names_are_refused(workspace: Workspace, name: str) -> None:
    """A name that Slack would not take is refused."""
    with pytest.raises(ValueError, match="cannot be named"):
        workspace.create_channel(name)


def test_channel_names_are_unique(workspace: Workspace) -> None:
    """A second channel of one name is refused."""
    with pytest.raises(ValueError, match="already"):
        workspace.create_channel("general")


def test_ts_is_unique_when_the_clock_stands(workspace: Workspace, channel_id: str) -> None:
    """Messages of one microsecond have increasing timestamps."""
    stamps = [workspace.post(channel_id, Content(str(number))).ts for number in range(3)]
    assert stamps == ["1700000000.000000", "1700000000.000001", "1700000000.000002"]


def test_ts_increases_when_the_clock_goes_back(workspace: Workspace, channel_id: str, hands: Hands) -> None:
    """A clock that is set back does not reorder a channel."""
    first = workspace.post(channel_id, Content("first"))
    hands.at -= 3600
    assert workspace.post(channel_id, Content("second")).ts > first.ts


def test_history_is_oldest_first(workspace: Workspace, channel_id: str) -> None:
    """The history of a channel is in the order of the posts."""
    for text in ("one", "two"):
        workspace.post(channel_id, Content(text))
    assert [message.text for message in workspace.history(channel_id)] == ["one", "two"]


def test_update_keeps_the_place(workspace: Workspace, channel_id: str) -> None:
    """An updated message stays where it was and says when it was edited."""
    first = workspace.post(channel_id, Content("one"))
    workspace.post(channel_id, Content("two"))
    workspace.update(channel_id, first.ts, Content("changed"))
    assert [message.text for message in workspace.history(channel_id)] == ["changed", "two"]
    assert workspace.history(channel_id)[0].edited_ts == "1700000000.000000"


def test_reply_is_counted_at_its_parent(workspace: Workspace, channel_id: str) -> None:
    """A reply gives its parent a count and a thread of its own ts."""
    parent = workspace.post(channel_id, Content("parent"))
    reply = workspace.post(channel_id, Content("reply"), thread_ts=parent.ts)
    shown = workspace.history(channel_id)[0].to_json()
    assert (shown["thread_ts"], shown["reply_count"], shown["latest_reply"]) == (parent.ts, 1, reply.ts)


def test_parent_is_not_a_reply(workspace: Workspace, channel_id: str) -> None:
    """Of a thread, only the replies are replies."""
    parent = workspace.post(channel_id, Content("parent"))
    workspace.post(channel_id, Content("reply"), thread_ts=parent.ts)
    assert [message.is_reply for message in workspace.history(channel_id)] == [False, True]


def test_app_message_names_the_app(workspace: Workspace, channel_id: str) -> None:
    """A message of the app carries its bot, app and user."""
    shown = workspace.post(channel_id, Content("hello")).to_json()
    assert (shown["bot_id"], shown["app_id"], shown["user"]) == ("B0PULSER", "A0PULSER", "U0PULSER")


def test_message_of_a_person_names_no_bot(workspace: Workspace, channel_id: str) -> None:
    """A message of a person carries a user and no bot."""
    shown = workspace.post(channel_id, Content("hello"), author=Author("U1", "ann")).to_json()
    assert shown["user"] == "U1"
    assert "bot_id" not in shown


async def test_watchers_see_each_change_in_order(workspace: Workspace, channel_id: str) -> None:
    """A subscriber gets posts, updates, deletions and channel changes in order."""
    async with workspace.subscribe() as changes:
        message = workspace.post(channel_id, Content("one"))
        workspace.update(channel_id, message.ts, Content("two"))
        workspace.delete(channel_id, message.ts)
        workspace.change_channel(channel_id, is_archived=True)
        seen = [changes.get_nowait() for _ in range(changes.qsize())]
    assert [change.kind for change in seen] == ["message", "update", "delete", "channel"]
    assert [change.message.text if change.message else None for change in seen] == ["one", "two", "two", None]


async def test_watchers_who_left_see_nothing(workspace: Workspace, channel_id: str) -> None:
    """After its block a subscriber's queue gets nothing more."""
    async with workspace.subscribe() as changes:
        pass
    workspace.post(channel_id, Content("later"))
    with pytest.raises(asyncio.QueueEmpty):
        changes.get_nowait()
