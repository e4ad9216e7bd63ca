"""A silence from its button to its end, with Slack's HTTP transport and a real ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from command_handler.silence_answer import previewed
from pulser.database import DirectDatabase
from pulser.silence import AskedSilence, sign_silence
from pulser.slack import SlackApi
from pulser.vault import Vault
from tests.integration.action_handler.stage import Stage

NOTHING = {"muted": 0, "passing": 0, "types": [], "newest": [], "looked_through": 0, "is_cut": False, "since": None}


def wanted(user: str = "U0BOB") -> AskedSilence:
    now = datetime.now(UTC).replace(microsecond=0)
    return AskedSilence(str(uuid4()), "api", "ci.*", None, now + timedelta(hours=2), "rebuild", user, now)


async def preview(stage: Stage, asked: AskedSilence) -> str:
    """Bob's private answer with the button; its ts."""
    key = await stage.call("read_secret_v1", name="pulser_button_key")
    body = previewed(asked, NOTHING, sign_silence(asked, str(key)), asked.asked_at, "/pulser").body()
    assert body is not None
    ledger = DirectDatabase(stage.url)
    slack = SlackApi(Vault(ledger), stage.slack.api_url)
    try:
        told = {"text": body["text"], "blocks": body["blocks"]}
        shown = await slack.call("chat.postEphemeral", channel=stage.channel, user="U0BOB", **told)
    finally:
        await slack.close()
        await ledger.close()
    return str(shown["message_ts"])


async def press(stage: Stage, ts: str) -> None:
    pressed = await stage.slack.press(stage.channel, ts, "pulser_silence", user_id="U0BOB")
    await stage.settled(pressed.envelope_id)


async def test_a_press_begins_a_silence_in_the_place_of_its_preview(stage: Stage) -> None:
    """The answer has no button any more; the channel is told who did it; what it covers is quiet."""
    asked = wanted()
    await press(stage, await preview(stage, asked))
    [note] = stage.notes("U0BOB")
    assert note.startswith("🔕 *api* `ci.*` is silenced until ")
    [silence] = await stage.call("list_silences_v1", filter={})
    assert (silence["silence_id"], silence["created_by"]["user"]) == (asked.silence_id, "U0BOB")
    await stage.dispatch()
    said = [it.text for it in stage.slack.workspace.history(stage.channel)]
    assert any("<@U0BOB> silenced *api* `ci.*` until <!date^" in it for it in said)
    event = await stage.emit("ci.failed")
    assert (await stage.call("event_story_v1", event_id=event))["dispatch"]["status"] == "silenced"
    audits = [(it["type"], it["actor"], it.get("outcome")) for it in await stage.audits()]
    assert sorted(audits) == [("silence.started", "action-handler", None), ("slack.action", "action-handler", "done")]


async def test_a_stale_preview_silences_nothing(stage: Stage) -> None:
    """What it told of is long ago."""
    asked = wanted()
    long_ago = replace(asked, asked_at=asked.asked_at - timedelta(hours=1))
    await press(stage, await preview(stage, long_ago))
    [note] = stage.notes("U0BOB")
    assert note.startswith("This preview is too old")
    assert await stage.call("list_silences_v1", filter={}) == []
