from __future__ import annotations

import pytest

from tests.unit.slack_simulator.app import Acking, App


async def test_command_has_slacks_fields(acking: Acking) -> None:
    """A command tells team, channel, user, its name and its text."""
    await acking.simulator.command("/pulser", "deploy api", "U0BOB", "ops-deploy")
    payload = acking.payload
    channel = acking.simulator.workspace.find("ops-deploy")
    assert channel is not None
    told = ("command", "text", "user_id", "user_name", "channel_id", "channel_name", "team_id", "api_app_id")
    assert [payload[name] for name in told] == [
        "/pulser",
        "deploy api",
        "U0BOB",
        "bob",
        channel.id,
        "ops-deploy",
        "T0SIMULATOR",
        "A0PULSER",
    ]
    assert payload["response_url"].startswith(acking.simulator.url + "/commands/T0SIMULATOR/")


async def test_ack_is_shown_to_the_user_alone(acking: Acking) -> None:
    """What the ack says is a private message unless it says otherwise."""
    acking.answer = lambda _payload: {"text": "all is well"}
    done = await acking.simulator.command("/pulser", "status", "U0BOB", "ops-ci")
    assert [one["text"] for one in done.ephemerals] == ["all is well"]
    assert acking.simulator.ephemerals(done.channel_id, "U0BOB") == done.ephemerals
    assert acking.simulator.ephemerals(done.channel_id, "U0ALICE") == []


async def test_ack_may_speak_to_all(acking: Acking) -> None:
    """With response_type in_channel the ack is posted."""
    acking.answer = lambda _payload: {"text": "hello all", "response_type": "in_channel"}
    done = await acking.simulator.command("/pulser", "status", "U0BOB", "ops-ci")
    assert (len(done.ephemerals), [one["text"] for one in done.messages]) == (0, ["hello all"])


async def test_bare_ack_shows_nothing(acking: Acking) -> None:
    """An ack without payload shows nothing."""
    done = await acking.simulator.command("/pulser", "status")
    assert (done.outcome, done.ephemerals, done.answered.is_set()) == ("acked", [], False)


async def test_unreadable_ack_is_a_failure(acking: Acking) -> None:
    """What Slack cannot show is told to the user as a failure."""
    acking.answer = lambda _payload: {"blocks": [{"type": "nonsense"}]}
    done = await acking.simulator.command("/pulser", "status")
    assert (done.outcome, done.error) == ("error", "invalid_blocks")
    assert done.failure == "/pulser failed with the error “invalid_blocks”"


async def test_timeout_is_told(app: App) -> None:
    """A command that nobody acks is told as operation_timeout."""
    app.simulator.sockets.settings.ack_seconds = 0.05
    await app.connect()
    done = await app.simulator.command("/pulser", "status")
    assert done.failure == "/pulser failed with the error “operation_timeout”"


@pytest.mark.parametrize("text", ["hello", "<@U0PULSER> hello"])
async def test_mention_is_an_event(acking: Acking, text: str) -> None:
    """A mention is a message of its author, and an app_mention with its text and ts."""
    done = await acking.simulator.mention("ops-ci", text, "U0BOB")
    event = acking.payload["event"]
    message = acking.simulator.workspace.history(event["channel"])[-1]
    assert (acking.payload["type"], event["type"], event["user"]) == ("event_callback", "app_mention", "U0BOB")
    assert (event["text"], event["ts"]) == ("<@U0PULSER> hello", message.ts)
    assert (done.kind, done.outcome) == ("event", "acked")


async def test_other_words_are_no_event(acking: Acking) -> None:
    """A message that does not mention the app is not told."""
    assert await acking.simulator.say("ops-ci", "hello") is None
    assert acking.envelopes == []


async def test_home_is_told(acking: Acking) -> None:
    """Opening the Home tab is an event."""
    await acking.simulator.open_home("U0BOB")
    assert acking.payload["event"]["type"] == "app_home_opened"
