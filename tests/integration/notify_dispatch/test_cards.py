"""A card changes in place: each change is seen in Slack, whatever Slack answers, and never twice as a message."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from pulser.button_value import read
from pulser_local.slack.faults import Fault
from pulser_local.slack.workspace import Message
from tests.integration.notify_dispatch.conftest import BUTTON_KEY, Bench
from tests.integration.schema.helpers import until

ALICE = {"user": "U0ALICE001", "name": "alice", "at": "2026-11-24T07:40:00Z"}
REQUESTED = {"event": "main", "service": "api", "environment": "production", "release": "1.2.3", "phase": "requested"}
PLACE = {"service": "api", "environment": "production"}


async def alert(bench: Bench) -> str:
    """A failed CI run whose message stands in #ops-ci; its event's id."""
    event_id = await bench.emit(payload={**PLACE, "severity": "error"})
    await bench.drain()
    return event_id


async def acknowledge(bench: Bench, card_id: str) -> None:
    """Alice presses Acknowledge."""
    state = {"acknowledged": ALICE}
    change = {"card_id": card_id, "kind": "alert", "phase": "acknowledged", "state": state}
    version = (await bench.card(card_id))["version"]
    await bench.act("alert.acknowledged", {**PLACE, "card_id": card_id}, card={**change, "version": version})


async def request(bench: Bench) -> str:
    """Alice asks for a deploy, and its message stands in #ops-deploy; the card's id."""
    await bench.route(
        {"event_pattern": "deploy.*", "channel": "#ops-deploy"}, {"event_pattern": "ci.*", "channel": "#ops-ci"}
    )
    card = {**REQUESTED, "state": {"requested": {**ALICE, "reason": "hotfix", "version": "1.2.3"}}}
    answer = await bench.act("deploy.requested", {**PLACE, "version": "1.2.3"}, new_card=card)
    await bench.drain()
    return str(answer["card"]["card_id"])


def only(bench: Bench, channel: str = "ops-ci") -> Message:
    """The only message of a channel."""
    (message,) = bench.messages(channel)
    return message


async def first_update(bench: Bench) -> asyncpg.Record:
    """The oldest update; one whose try may land late is followed by another."""
    found = await bench.sql.fetchrow("select * from ops.deliveries where kind = 'update' order by position limit 1")
    assert found is not None
    return found


def header(message: Message) -> str:
    return str(message.blocks[0]["text"]["text"])


def buttons(message: Message) -> dict[str, Any]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {button["action_id"]: button.get("value") for row in rows for button in row}


async def test_a_change_is_seen_in_the_message(bench: Bench) -> None:
    """Who acknowledged stands in the message, with the button that is left."""
    card_id = await alert(bench)
    posted = only(bench)
    await acknowledge(bench, card_id)
    await bench.drain()
    changed = only(bench)
    assert (changed.ts, header(changed)) == (posted.ts, "🟡 Acknowledged · CI failed: api in production")
    assert "Acknowledged by <@U0ALICE001>" in json.dumps(changed.blocks)
    assert list(buttons(changed)) == ["pulser_investigate"]


async def test_an_updated_button_is_still_of_its_post(bench: Bench) -> None:
    """Metadata and buttons name the delivery that posted the message: a click on it leads to its story."""
    card_id = await alert(bench)
    posted = await bench.delivery_of("post")
    await acknowledge(bench, card_id)
    await bench.drain()
    message = only(bench)
    value = read(buttons(message)["pulser_investigate"], BUTTON_KEY, "pulser_investigate")
    assert (value.event_id, value.delivery_id) == (card_id, str(posted["delivery_id"]))
    assert message.metadata is not None
    assert message.metadata["event_payload"] == {
        "delivery_id": str(posted["delivery_id"]),
        "event_id": card_id,
        "card_version": 1,
    }


async def test_a_card_changed_before_its_post_is_posted_as_it_is(bench: Bench) -> None:
    """A post that comes late shows what was done meanwhile, and needs no update."""
    bench.slack.faults.add(Fault(kind="rate_limited", method="chat.postMessage", retry_after="30", times=1))
    card_id = await alert(bench)
    await acknowledge(bench, card_id)
    await bench.pass_time(31)
    await bench.drain()
    updates = await bench.sql.fetchval("select count(*) from ops.deliveries where kind = 'update'")
    assert header(only(bench)).startswith("🟡 Acknowledged")
    assert updates == 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="reset_before", method="chat.update", times=1),
        Fault(kind="reset_after", method="chat.update", times=1),
        Fault(kind="internal_error_after", method="chat.update", times=1),
        Fault(kind="http_status", method="chat.update", status=500, times=1),
        Fault(kind="http_status", method="chat.update", status=503, times=1),
        Fault(kind="garbage", method="chat.update", times=1),
        Fault(kind="garbage", method="chat.update", times=1, stored=True),
        Fault(kind="stall", method="chat.update", times=1),
        Fault(kind="rate_limited", method="chat.update", retry_after="30", times=1),
        Fault(kind="slack_error", error="fatal_error", method="chat.update", times=1),
        Fault(kind="slack_error", error="invalid_blocks", method="chat.update", times=1),
    ],
    ids=lambda fault: f"{fault.kind} {fault.error or fault.status or ''}".strip(),
)
async def test_an_update_that_fails_is_made_again(bench: Bench, fault: Fault) -> None:
    """Lost or in doubt: to repeat an update is harmless, so it is repeated until Slack says ok."""
    card_id = await alert(bench)
    bench.slack.faults.add(fault)
    await acknowledge(bench, card_id)
    await bench.drain()
    await bench.pass_time(90)
    await bench.drain()
    update = await first_update(bench)
    assert (update["status"], update["attempts"], update["card_version"]) == ("sent", 2, 1)
    assert len(bench.messages()) == 1


async def test_an_update_that_lands_late_is_not_the_last_word(bench: Bench) -> None:
    """Slack carries it out after two newer ones were confirmed: the newest state is what stays."""
    card_id = await alert(bench)
    late = bench.slack.faults.add(Fault(kind="slow", method="chat.update", seconds=600, times=1))
    await acknowledge(bench, card_id)
    await bench.drain()
    state = {"acknowledged": ALICE, "investigating": ALICE}
    change = {"card_id": card_id, "version": 1, "kind": "alert", "phase": "investigating", "state": state}
    await bench.act("alert.investigating", card=change)
    await bench.drain()
    assert header(only(bench))[:1] == "🔵"
    bench.slack.faults.remove(late)

    async def has_landed() -> bool:
        return header(only(bench))[:1] == "🟡"

    await until(has_landed)
    await bench.pass_time(31)
    await bench.drain()
    assert header(only(bench))[:1] == "🔵"


@pytest.mark.parametrize(
    "error", ["cant_update_message", "edit_window_closed", "message_not_found", "is_inactive", "channel_not_found"]
)
async def test_a_message_that_cannot_be_changed_is_given_up_with_its_reason(bench: Bench, error: str) -> None:
    """What Slack will never do is not tried again."""
    card_id = await alert(bench)
    bench.slack.faults.add(Fault(kind="slack_error", error=error, method="chat.update", times=1))
    await acknowledge(bench, card_id)
    await bench.drain()
    update = await bench.delivery_of("update")
    assert (update["status"], update["reason"]) == ("dead", error)


async def test_a_deleted_message_is_not_posted_again(bench: Bench) -> None:
    """Somebody removed it in Slack: the update is dead, and no second message comes."""
    card_id = await alert(bench)
    message = only(bench)
    found = bench.slack.workspace.find("ops-ci")
    assert found is not None
    bench.slack.workspace.delete(found.id, message.ts)
    await acknowledge(bench, card_id)
    await bench.drain()
    update = await bench.delivery_of("update")
    assert (update["status"], update["reason"], len(bench.messages())) == ("dead", "message_not_found", 0)


async def test_a_rate_limit_of_updates_holds_no_posts(bench: Bench) -> None:
    """Slack's limits are per method: news go on while changes wait."""
    card_id = await alert(bench)
    bench.slack.faults.add(Fault(kind="rate_limited", method="chat.update", retry_after="30", times=1))
    await acknowledge(bench, card_id)
    await bench.drain()
    await bench.emit()
    await bench.drain()
    assert len(bench.messages()) == 2


async def test_a_change_during_an_update_is_seen_in_the_end(bench: Bench) -> None:
    """The card changes while its message is being changed: the newest state is what stays."""
    card_id = await alert(bench)
    await acknowledge(bench, card_id)
    async with bench.dispatcher() as dispatcher:
        claimed, _ = await dispatcher._claim_deliveries()
        state = {"acknowledged": ALICE, "investigating": ALICE}
        change = {"card_id": card_id, "version": 1, "kind": "alert", "phase": "investigating", "state": state}
        await bench.act("alert.investigating", card=change)
        for delivery in claimed:
            await dispatcher.deliverer.deliver(delivery, claimed_at=float("inf"))
        await dispatcher.drain()
    assert header(only(bench)).startswith("🔵 Investigating")


async def test_a_worker_that_vanishes_while_it_updates_leaves_it_to_the_next(bench: Bench) -> None:
    """Its update is made again when its lease is over."""
    card_id = await alert(bench)
    await acknowledge(bench, card_id)
    async with bench.dispatcher() as dispatcher:
        await dispatcher._claim_deliveries()
    await bench.pass_time(21)
    await bench.drain()
    assert ((await first_update(bench))["status"], header(only(bench))[:1]) == ("sent", "🟡")


async def test_an_adopted_post_catches_up_with_its_card(bench: Bench) -> None:
    """A post in doubt whose card changed meanwhile: found in the history, and then changed."""
    bench.slack.faults.add(Fault(kind="reset_after", method="chat.postMessage", times=1))
    card_id = await alert(bench)
    await acknowledge(bench, card_id)
    await bench.pass_time(20)
    await bench.drain()
    await bench.drain()
    assert header(only(bench)).startswith("🟡 Acknowledged")


async def test_what_people_do_is_not_posted_beside_the_card(bench: Bench) -> None:
    """The event alert.acknowledged would go to the same channel: there the card tells it."""
    await bench.route({"event_pattern": "*", "channel": "#ops-ci"})
    card_id = await alert(bench)
    await acknowledge(bench, card_id)
    await bench.drain()
    assert len(bench.messages()) == 1


async def test_a_foreign_event_cannot_hide_behind_a_card(bench: Bench) -> None:
    """An alert that names a card in its payload is posted all the same."""
    card_id = await alert(bench)
    await bench.emit(payload={"service": "api", "card_id": card_id})
    await bench.drain()
    assert len(bench.messages()) == 2


@pytest.mark.parametrize("named", [True, False], ids=["by its id", "by service and version"])
async def test_a_deploys_results_change_its_card(bench: Bench, *, named: bool) -> None:
    """deploy.started and deploy.completed move the card on, and no second message stands beside it."""
    card_id = await request(bench)
    change = {**REQUESTED, "card_id": card_id, "version": 1, "kind": "deploy", "phase": "approved"}
    approval = {"by": ALICE, "decision": "approved"}
    await bench.act("deploy.approved", {"card_id": card_id}, card={**change, "state": {"approval": approval}})
    told = {**PLACE, "version": "1.2.3", "url": "https://ci.example/1"} | ({"deploy_id": card_id} if named else {})
    seen = []
    for what in ("started", "completed"):
        await bench.emit(f"deploy.{what}", told)
        await bench.drain()
        seen.append(header(only(bench, "ops-deploy")))
    assert seen == ["🔵 Deploy started: api in production", "🟢 Deploy completed: api in production"]
    assert list(buttons(only(bench, "ops-deploy"))) == ["pulser_rollback", "pulser_open"]


async def test_a_deploy_of_nobodys_asking_is_posted(bench: Bench) -> None:
    """Where no card waits for it, a result is a message of its own, with its release to roll back."""
    await bench.route({"event_pattern": "deploy.*", "channel": "#ops-deploy"})
    event_id = await bench.emit("deploy.completed", {**PLACE, "version": "1.2.3"})
    await bench.drain()
    value = read(buttons(only(bench, "ops-deploy"))["pulser_rollback"], BUTTON_KEY, "pulser_rollback")
    assert (value.event_id, value.release) == (event_id, "1.2.3")


async def test_without_a_button_key_there_is_a_message(bench: Bench) -> None:
    """News without buttons are better than no news."""
    await bench.sql.execute("delete from vault.secrets where name = 'pulser_button_key'")
    await alert(bench)
    assert buttons(only(bench)) == {}


async def test_an_odd_state_of_a_card_stops_nobody(bench: Bench) -> None:
    """What a newer version wrote into a card still makes a message."""
    card_id = await alert(bench)
    odd = {"acknowledged": 7, "hook": [], "result": {"what": {}}, "requested": {"user": ["U1"]}}
    change = {"card_id": card_id, "version": 0, "kind": "alert", "phase": "acknowledged", "state": odd}
    await bench.act("alert.acknowledged", card=change)
    await bench.drain()
    assert header(only(bench)).startswith("🟡 Acknowledged")


async def test_a_message_whose_event_is_gone_stays(bench: Bench) -> None:
    """Somebody emptied the table of events: what stands in Slack is better than a message of nothing."""
    card_id = await alert(bench)
    before = only(bench).blocks
    await acknowledge(bench, card_id)
    await bench.sql.execute("delete from ops.platform_events")
    await bench.drain()
    assert ((await bench.delivery_of("update"))["reason"], only(bench).blocks) == ("event_gone", before)
