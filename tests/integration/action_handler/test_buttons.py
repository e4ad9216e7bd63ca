"""Buttons, from the click in Slack to the changed card: one effect, and an answer for each click."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pulser_local.slack.workspace import Message
from tests.integration.action_handler.stage import SERVICE, Stage, acknowledgement


def text(message: Message) -> str:
    """All that stands in a message."""
    return json.dumps(message.to_json(), ensure_ascii=False)


async def test_acknowledge_changes_the_card_and_the_message(stage: Stage) -> None:
    """In place: who did it stands on the same message, and no second one is posted."""
    event_id = await stage.emit("ci.failed", title="tests fail")
    before = stage.message().ts
    pressed = await stage.press("acknowledge")
    await stage.settled()
    await stage.dispatch()
    card = await stage.card(event_id)
    assert (pressed.outcome, card["phase"], card["state"]["acknowledged"]["user"]) == (
        "acked",
        "acknowledged",
        "U0BOB",
    )
    assert stage.message().ts == before
    assert "Acknowledged by" in text(stage.message())
    assert stage.notes("U0BOB") == []


async def test_each_click_is_audited_with_its_envelope_and_user(stage: Stage) -> None:
    """The one that had an effect and the one that had none."""
    event_id = await stage.emit("ci.failed")
    await stage.click("acknowledge", "U0BOB")
    await stage.click("acknowledge", "U0ALICE")
    done, late = await stage.audits()
    assert (done["type"], done["slack_user"], done["card_id"]) == ("alert.acknowledged", "U0BOB", event_id)
    assert (late["type"], late["slack_user"], late["outcome"]) == ("slack.action", "U0ALICE", "late")
    assert (done["actor"], late["actor"]) == ("action-handler", "action-handler")
    assert done["envelope_id"].startswith("http-")


async def test_a_late_click_is_told_who_was_first_and_when(stage: Stage) -> None:
    """Privately, in the reader's own time zone."""
    await stage.emit("ci.failed")
    await stage.click("acknowledge", "U0BOB")
    (note,) = await stage.click("acknowledge", "U0ALICE")
    assert note.startswith("<@U0BOB> acknowledged this alert already, <!date^")


async def test_investigate_moves_an_acknowledged_alert_on(stage: Stage) -> None:
    """Both stand on the card."""
    event_id = await stage.emit("ci.failed")
    await stage.click("acknowledge", "U0BOB")
    await stage.dispatch()
    assert await stage.click("investigate", "U0CAROL") == []
    card = await stage.card(event_id)
    assert (card["phase"], set(card["state"])) == ("investigating", {"acknowledged", "investigating"})


async def test_a_hundred_people_at_once_are_one_effect_and_99_notes(stage: Stage) -> None:
    """Forwarded by the relay all at the same time; each note names the one who won."""
    event_id = await stage.emit("ci.failed")
    people = [stage.slack.interactivity.people.add(f"person{n}").id for n in range(100)]
    recorded = [await stage.record(await acknowledgement(stage, event_id, it)) for it in people]
    told = await asyncio.gather(*(stage.forward(it, within=0) for it in recorded))
    await stage.settled()
    winner = (await stage.card(event_id))["state"]["acknowledged"]["user"]
    noted = [it for it in people if stage.notes(it)]
    assert {it.status_code for it in told} == {202}
    assert sorted(noted) == sorted(set(people) - {winner})
    assert all(f"<@{winner}> acknowledged" in stage.notes(it)[0] for it in noted)
    audits = [it["type"] for it in await stage.audits()]
    assert (audits.count("alert.acknowledged"), audits.count("slack.action")) == (1, 99)


async def test_a_burst_over_http_is_one_effect_and_an_answer_for_each(stage: Stage) -> None:
    """Also for those whose click came too late to be recorded in time: they are told to try again."""
    event_id = await stage.emit("ci.failed")
    people = [stage.slack.interactivity.people.add(f"person{n}").id for n in range(50)]
    pressed = await asyncio.gather(*(stage.press("acknowledge", it) for it in people))
    await stage.settled()
    winner = (await stage.card(event_id))["state"]["acknowledged"]["user"]
    assert [it for it in people if not stage.notes(it)] == [winner]
    assert "acked" in {it.outcome for it in pressed}
    assert len(await stage.audits()) == 50


async def test_acknowledge_and_investigate_at_once_end_investigating(stage: Stage) -> None:
    """In either order the card ends in the same phase, and nobody's click is lost."""
    event_id = await stage.emit("ci.failed")
    await asyncio.gather(stage.press("acknowledge", "U0BOB"), stage.press("investigate", "U0CAROL"))
    await stage.settled()
    assert (await stage.card(event_id))["phase"] == "investigating"
    assert len(await stage.audits()) == 2


@pytest.mark.parametrize("user", ["U0ALICE", "U0DAVE"])
async def test_a_rollback_without_permission_changes_nothing(stage: Stage, user: str) -> None:
    """And says who may."""
    event_id = await stage.emit("deploy.completed", version="1.2.3")
    (note,) = await stage.click("rollback", user)
    assert note == "Only <@U0BOB> may roll back `api`. Nothing was changed."
    assert ((await stage.card(event_id))["phase"], await stage.hooks()) == ("deployed", [])


async def test_a_rollback_calls_the_hook_once(stage: Stage) -> None:
    """For the release of its card, by who may."""
    event_id = await stage.emit("deploy.completed", version="1.2.3")
    assert await stage.click("rollback") == []
    (note,) = await stage.click("rollback", "U0CAROL")
    (hook,) = await stage.hooks()
    assert "<@U0BOB> asked for this rollback already" in note
    assert (hook["action"], hook["service"]) == ("rollback", "api")
    assert {
        "version": "1.2.3",
        "environment": "production",
        "requested_by": "U0BOB",
        "deploy_id": event_id,
    }.items() <= (hook["inputs"].items())
    assert (await stage.card(event_id))["phase"] == "rolling_back"


async def test_a_rollback_of_an_older_release_is_refused(stage: Stage) -> None:
    """Somebody deployed another one since."""
    await stage.emit("deploy.completed", version="1.2.3")
    old = stage.message()
    await stage.emit("deploy.completed", version="1.2.4")
    await stage.slack.press(stage.channel, old.ts, "pulser_rollback", user_id="U0BOB")
    await stage.settled()
    (note,) = stage.notes("U0BOB")
    assert "`1.2.3`, but `api` in production runs `1.2.4` now" in note
    assert await stage.hooks() == []


@pytest.mark.parametrize("policy", [{"rollback_by": []}, {"rollback": None}])
async def test_where_the_policy_allows_nobody_or_nothing_it_is_refused(stage: Stage, policy: dict[str, Any]) -> None:
    """Nobody named, or no hook any more."""
    event_id = await stage.emit("deploy.completed", version="1.2.3")
    services: Any = [SERVICE | policy]
    await stage.call("apply_services_v1", services=services)
    (note,) = await stage.click("rollback")
    assert "pulser.yaml" in note
    assert (await stage.card(event_id))["phase"] == "deployed"


@pytest.mark.parametrize("value", ["x", '{"v":1,"event_id":"e","delivery_id":"d"}', None])
async def test_a_button_that_is_not_ours_does_nothing(stage: Stage, value: str | None) -> None:
    """An old message's, or one that somebody made up."""
    event_id = await stage.emit("ci.failed")
    user = {"id": "U0BOB", "username": "bob"}
    action = {"action_id": "pulser_acknowledge", "value": value}
    envelope_id = await stage.record(
        {"type": "block_actions", "user": user, "channel": {"id": stage.channel}, "actions": [action]}
    )
    await stage.forward(envelope_id)
    await stage.settled()
    (audit,) = await stage.audits()
    assert (audit["type"], audit["outcome"]) == ("slack.action", "refused")
    assert (await stage.card(event_id))["version"] == 0
    assert stage.notes("U0BOB")[0].endswith("Nothing was changed.")
