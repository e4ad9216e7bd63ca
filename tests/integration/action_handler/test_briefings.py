"""Investigate, from the click to the briefing in the thread: one, with what is known, however many people click."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pulser_local.slack.workspace import Message
from tests.integration.action_handler.stage import SERVICE, Stage


def replies(stage: Stage) -> list[Message]:
    """What stands in threads of the channel, oldest first."""
    return [it for it in stage.slack.workspace.history(stage.channel) if it.is_reply]


def text(message: Message) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)


async def test_investigate_is_answered_in_the_thread(stage: Stage) -> None:
    """Under the alert's own message, which changes in place; once, however often the dispatcher comes by."""
    await stage.emit("ci.failed", title="tests fail")
    alert = stage.message()
    await stage.click("investigate", "U0CAROL")
    await stage.dispatch()
    await stage.dispatch()
    (reply,) = replies(stage)
    root = stage.slack.workspace.message(stage.channel, alert.ts)
    assert reply.thread_ts == alert.ts
    assert "<@U0CAROL> is investigating this alert" in text(reply)
    assert root is not None
    assert (root.reply_count, "Under investigation by <@U0CAROL>" in text(root)) == (1, True)


async def test_it_tells_what_is_known(stage: Stage) -> None:
    """Deployments, CI, the other alert with a link that Slack gave, the runbook."""
    services: Any = [SERVICE | {"runbook_url": "https://runbooks.example/api"}]
    await stage.call("apply_services_v1", services=services)
    await stage.emit("deploy.completed", version="2.0.1", url="https://ci.example/deploys/1")
    await stage.emit("ci.failed", title="tests fail", branch="main", url="https://ci.example/runs/1")
    other = stage.message()
    await stage.emit("error_rate.exceeded", title="too many errors")
    await stage.click("investigate")
    await stage.dispatch()
    (reply,) = replies(stage)
    for said in (
        "`2.0.1` completed",
        "<https://ci.example/deploys/1|see it>",
        "CI failed on `main`",
        f"/archives/{stage.channel}/p{other.ts.replace('.', '')}|tests fail>",
        "<https://runbooks.example/api|Runbook>",
    ):
        assert said in text(reply)


async def test_an_alert_of_which_nothing_is_known_says_so(stage: Stage) -> None:
    """In one line."""
    await stage.emit("task.failed")
    await stage.click("investigate")
    await stage.dispatch()
    (reply,) = replies(stage)
    assert [block["type"] for block in reply.blocks] == ["section"]
    assert "Nothing else is known of *api* in *production*." in text(reply)


async def test_of_many_who_click_at_once_one_is_briefed(stage: Stage) -> None:
    """The others are told who investigates, and the thread has one reply."""
    event_id = await stage.emit("ci.failed")
    people = [stage.slack.interactivity.people.add(f"person{n}").id for n in range(10)]
    await asyncio.gather(*(stage.press("investigate", it) for it in people))
    await stage.settled()
    await stage.dispatch()
    winner = (await stage.card(event_id))["state"]["investigating"]["user"]
    (reply,) = replies(stage)
    assert f"<@{winner}> is investigating" in text(reply)


async def test_acknowledge_opens_no_thread(stage: Stage) -> None:
    """Whoever has seen it does not look into it yet."""
    await stage.emit("ci.failed")
    await stage.click("acknowledge")
    await stage.dispatch()
    assert replies(stage) == []


async def test_it_stands_once_when_the_dispatchers_are_many(stage: Stage) -> None:
    """Each takes what no other has."""
    await stage.emit("ci.failed")
    await stage.click("investigate")
    await asyncio.gather(*(stage.dispatch() for _ in range(4)))
    assert len(replies(stage)) == 1
