from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_handler.handle import CommandHandler
from pulser import canary
from pulser.envelope import Envelope
from pulser.errors import DatabaseBehind, DatabaseRefused, DatabaseUnavailable, SlackHeld
from pulser.settlement import Settlement
from pulser.vault import Vault
from tests.unit.command_handler.answers import NOW, deployed, policy, row, running
from tests.unit.command_handler.fakes import FakeLedger, FakeSlack

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def typed(text: str, **payload: str) -> Envelope:
    form = {"command": "/pulser", "team_id": "T1", "user_id": "U0BOB", "channel_id": "C1", "trigger_id": "1.2.x"}
    return Envelope.from_command_form({**form, "text": text, **payload}, "e1")


def event(kind: str, **told: object) -> Envelope:
    inner = {"type": kind, "user": "U0BOB", "channel": "C1", "ts": "1.2", **told}
    return Envelope.from_event({"type": "event_callback", "team_id": "T1", "event": inner}, "e1")


async def handle(envelope: Envelope, slack: FakeSlack | None = None, **answers: object) -> Settlement:
    ledger = FakeLedger(**{"service_status_v1": [], "list_services_v1": [], "running_deploys_v1": [], **answers})
    handler = CommandHandler(ledger, Vault(ledger), slack or FakeSlack(), now=lambda: NOW)
    try:
        return await handler(envelope, float("inf"))
    finally:
        await handler.close()


def audit(settlement: Settlement) -> dict[str, Any]:
    [found] = settlement.events
    return {"type": found.event_type, "target": found.target, "status": found.status, **found.payload}


def said(settlement: Settlement) -> str:
    """The text of the answer, whichever way it goes."""
    body = settlement.ack or (settlement.reply and settlement.reply.body) or {}
    return str(body.get("text", ""))


async def test_a_command_is_answered_in_the_ack() -> None:
    """Privately; there is no other reply while the ack is in time."""
    settled = await handle(typed("status"))
    assert settled.ack is not None
    assert settled.ack["response_type"] == "ephemeral"
    assert settled.reply is None


async def test_a_command_that_comes_late_is_answered_by_response_url() -> None:
    """The same words, when the ack has gone without them."""
    envelope = typed("help", response_url="https://hooks.slack.com/commands/1")
    late = (await handle(envelope)).answered_late(envelope)
    assert late.reply is not None
    assert (late.reply.url, "What I understand" in late.reply.body["text"]) == (envelope.response_url, True)


async def test_every_command_is_audited() -> None:
    """What was typed, what it was taken for, how it ended."""
    assert audit(await handle(typed("status"))) == {
        "type": "slack.command",
        "target": "status",
        "status": "ok",
        "command": "/pulser",
        "word": "status",
        "text": "status",
        "outcome": "answered",
        "rows": "0",
    }


async def test_the_audit_keeps_no_more_than_200_characters_and_no_token() -> None:
    """What somebody pasted by mistake does not stand in the ledger's events."""
    told = audit(await handle(typed("status xoxb-1234567890-sentinel " + "x" * 500)))
    assert len(told["text"]) <= 200
    assert "sentinel" not in str(told)


@pytest.mark.parametrize("word", ["stauts", "STATUSS", "depoly", "helth", "hlep"])
async def test_an_unknown_word_has_the_nearest_one(word: str) -> None:
    """Help comes first with what was probably meant."""
    settled = await handle(typed(f"{word} api"))
    assert "Did you mean `/pulser " in said(settled)
    assert (audit(settled)["word"], audit(settled)["outcome"]) == (None, "refused")


async def test_a_word_like_no_other_gets_help() -> None:
    """No guess is better than a wild one."""
    text = said(await handle(typed("переезд")))
    assert text.startswith("I do not understand `переезд`.\n*What I understand*")


async def test_the_command_is_called_as_the_workspace_calls_it() -> None:
    """An app for trying out has another command."""
    assert "`/pulser-dev status`" in said(await handle(typed("help", command="/pulser-dev")))
    assert "`/pulser status`" in said(await handle(typed("help", command="/<!here>")))


async def test_status_of_one_service() -> None:
    """Upper and lower case do not matter, nor whether the policy knows it."""
    settled = await handle(typed("status API"), service_status_v1=[row("api"), row("web")])
    assert said(settled) == "*api* production: nothing is known yet"


async def test_status_of_a_service_of_two_words() -> None:
    """An event may call its service as it likes."""
    settled = await handle(typed("status Shop Web"), service_status_v1=[row("shop web")])
    assert said(settled).startswith("*shop web* production")


async def test_status_of_a_service_in_another_script() -> None:
    """However its letters are put together."""
    settled = await handle(typed("status Café"), service_status_v1=[row("cafe\u0301")])
    assert said(settled).startswith("*cafe\u0301* production")


async def test_status_of_an_unknown_service() -> None:
    """The nearest of all that are known, by policy or by events."""
    rows, policies = [row("billing")], [policy("billing-worker")]
    settled = await handle(typed("status biling"), service_status_v1=rows, list_services_v1=policies)
    assert "`/pulser status billing` or `/pulser status billing-worker`?" in said(settled)


async def test_a_running_deploy_is_linked() -> None:
    """Slack tells where its message is."""
    slack = FakeSlack(chat_getPermalink={"permalink": "https://acme.slack.com/archives/C1/p1"})
    settled = await handle(typed("status"), slack, service_status_v1=[row("api", running_deploy=running())])
    assert "<https://acme.slack.com/archives/C1/p1|see it>" in said(settled)


@pytest.mark.parametrize("trouble", [SlackHeld("ratelimited", "x"), asyncio.Event(), {"permalink": None}])
async def test_without_a_link_the_channel_is_named(trouble: object) -> None:
    """Slack's slowness costs the link, not the answer."""
    slack = FakeSlack(chat_getPermalink=trouble)
    settled = await handle(typed("status"), slack, service_status_v1=[row("api", running_deploy=running())])
    assert "(in <#C0000001>)" in said(settled)


async def test_a_database_that_is_away_is_tried_again() -> None:
    """The error goes up: the ledger has the envelope tried again."""
    with pytest.raises(DatabaseUnavailable):
        await handle(typed("status"), service_status_v1=DatabaseUnavailable("x"))


async def test_a_database_that_refuses_is_said() -> None:
    """The same call would fail again, so the person is told at once, without the database's words."""
    settled = await handle(typed("status"), service_status_v1=DatabaseRefused("42501", "SENTINEL"))
    assert said(settled).startswith("That did not work")
    assert (audit(settled)["status"], settled.error) == ("error", "the database refused it: 42501")
    assert "SENTINEL" not in str(settled.to_json())


async def test_a_database_that_is_behind_is_said() -> None:
    """Who typed it is told at once that pulser is being upgraded: he does not wait for the migrations."""
    settled = await handle(typed("status"), service_status_v1=DatabaseBehind("42883", "SENTINEL"))
    assert "database is behind this version of pulser" in said(settled)
    assert (audit(settled)["status"], settled.error) == ("error", "the database is behind: 42883")
    assert "SENTINEL" not in str(settled.to_json())


async def test_a_form_that_opened_leaves_the_ack_empty() -> None:
    """The form is the answer."""
    settled = await handle(typed("deploy web"), list_services_v1=[policy("web", approvers=["S0APPROVERS"])])
    assert (settled.ack, settled.reply, audit(settled)["outcome"]) == (None, None, "form_opened")
    assert audit(settled)["service"] == "web"


async def test_a_form_that_did_not_open_is_an_error_in_the_audit() -> None:
    """The business failed, the software did not: it is settled, not tried again."""
    slack = FakeSlack(views_open=SlackHeld("ratelimited", "x"))
    settled = await handle(typed("deploy web"), slack, list_services_v1=[policy("web", approvers=["S0APPROVERS"])])
    assert (settled.error, audit(settled)["status"]) == ("ratelimited", "error")


async def test_a_mention_is_answered_privately_in_its_thread() -> None:
    """The same words; only who mentioned us sees the answer."""
    settled = await handle(event("app_mention", text="<@U0PULSER> status", thread_ts="1.1"))
    assert settled.ack is None
    assert settled.reply is not None
    reply = settled.reply
    assert (reply.url, reply.channel, reply.user, reply.thread_ts) == (None, "C1", "U0BOB", "1.1")
    assert (audit(settled)["command"], audit(settled)["word"]) == ("mention", "status")


async def test_a_mention_outside_of_a_thread_is_answered_in_the_channel() -> None:
    """Slack shows no private message in a thread that nobody began."""
    settled = await handle(event("app_mention", text="<@U0PULSER> help"))
    assert settled.reply is not None
    assert settled.reply.thread_ts is None


async def test_another_bots_mention_is_not_answered() -> None:
    """Two bots could go on for ever."""
    settled = await handle(event("app_mention", text="<@U0PULSER> status", bot_id="B1"))
    assert (settled.reply, audit(settled)["type"], audit(settled)["outcome"]) == (None, "slack.event", "ignored")


@pytest.mark.parametrize("kind", ["message", "app_home_opened", "reaction_added"])
async def test_other_events_are_only_audited(kind: str) -> None:
    """Nobody waits for an answer."""
    settled = await handle(event(kind))
    assert (settled.ack, settled.reply) == (None, None)
    assert audit(settled) == {
        "type": "slack.event",
        "target": kind,
        "status": "ok",
        "event": kind,
        "outcome": "ignored",
    }


async def test_a_canary_that_comes_back_is_settled_as_one() -> None:
    """Its id goes into the settlement, and stands in the audit."""
    metadata = canary.message("0b5d7f7e-9c1d-4b5e-8f6a-0123456789ab", 1.0)["metadata"]
    settled = await handle(event("message_metadata_posted", metadata=metadata))
    assert settled.canary == "0b5d7f7e-9c1d-4b5e-8f6a-0123456789ab"
    assert (audit(settled)["target"], audit(settled)["outcome"]) == ("canary", "heard")


async def test_a_rate_limit_on_events_is_a_warning() -> None:
    """Events were lost: that is an error of severity warning."""
    limited = Envelope.from_event({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1}, "e1")
    told = audit(await handle(limited))
    assert (told["type"], told["status"], told["severity"]) == ("slack.event", "error", "warning")


@given(JSON)
async def test_any_event_is_settled(inner: Any) -> None:  # noqa: ANN401  hypothesis makes it
    """What Slack may ever send is audited and done."""
    settled = await handle(Envelope.from_event({"team_id": "T1", "event": inner}, "e1"))
    assert audit(settled)["type"] == "slack.event"


@given(st.text(max_size=300))
async def test_any_text_is_answered(text: str) -> None:
    """Whatever is typed, there is an answer or a form, and an audit."""
    settled = await handle(typed(text), service_status_v1=[row("api", deploy=deployed())])
    assert audit(settled)["type"] == "slack.command"
    assert said(settled) or audit(settled)["outcome"] == "form_opened"
