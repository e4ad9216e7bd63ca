from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from pulser_local.slack.faults import Fault
from tests.integration.command_handler.conftest import OTHERS, Stand, text_of


def fact(service: str, aspect: str, what: str, **told: object) -> dict[str, Any]:
    return {"service": service, "environment": "production", "aspect": aspect, "what": what, **told}


async def tell(stand: Stand, event_type: str, payload: dict[str, Any], **routing: object) -> None:
    """An event that has been routed nowhere, with what the ledger is to keep of it."""
    event_id = await stand.call("append_event_v1", event_type=event_type, payload=payload)
    claim = await stand.call("claim_events_v1", worker="t", max_events=10, lease_seconds=30)
    given: Any = {"event_id": event_id, "deliveries": [], **routing}
    await stand.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=[given])


def fields_of(view: dict[str, Any]) -> dict[str, str | None]:
    """What a form is filled in with, by field."""
    elements = {it["block_id"]: it["element"] for it in view["blocks"] if it["type"] == "input"}
    return {name: it.get("initial_option", {}).get("value", it.get("initial_value")) for name, it in elements.items()}


async def test_status_of_an_empty_ledger(stand: Stand) -> None:
    """Nothing is known, and that is said, only to who asked."""
    asked = await stand.type("status")
    assert asked.outcome == "acked"
    assert text_of(asked.ack_payload).startswith("Nothing is known yet")
    assert (asked.ack_payload or {})["response_type"] == "ephemeral"


async def test_status_tells_what_the_ledger_knows(stand: Stand) -> None:
    """Deployments, CI and alerts of every service, the worst first."""
    await stand.services({"service": "api"}, {"service": "web"})
    deploy = fact("web", "deploy", "completed", version="v2.14.0")
    await tell(stand, "deploy.completed", {"service": "web", "environment": "production"}, fact=deploy)
    await tell(stand, "ci.failed", {"service": "api"}, fact=fact("api", "ci", "failed", branch="main"))
    lines = text_of((await stand.type("status")).ack_payload).splitlines()
    assert lines[:3] == [
        "🟠 1 of 2 need attention",
        "🟠 *api* production: CI failed on `main` just now",
        "🟢 *web* production: `v2.14.0` deployed just now",
    ]


async def test_status_of_a_service_with_many_environments_is_taken(stand: Stand) -> None:
    """By Slack: of forty previews with links, those that there is room for, and how many are left."""
    url = "https://github.com/acme/the-service/actions/runs/10000000001/job/20000000001"
    for number in range(40):
        place = {"environment": f"preview-pull-request-{number:04}"}
        for aspect, told in (("deploy", {"version": "a" * 40}), ("ci", {"branch": f"feature/some-branch-{number}"})):
            known = fact("web", aspect, "failed", url=url, **told) | place
            await tell(stand, f"{aspect}.failed", {"service": "web", **place}, fact=known)
    asked = await stand.type("status web")
    assert (asked.outcome, len(asked.ephemerals)) == ("acked", 1)
    assert re.search(r"… and \d+ more environments, \d+ of them need attention", text_of(asked.ack_payload))


async def test_status_of_one_service_tells_who_may(stand: Stand) -> None:
    """With its policy, as the simulator's Slack takes it."""
    await stand.services({"service": "api", "approvers": ["S0APPROVERS"]})
    asked = await stand.type("status API")
    assert text_of(asked.ack_payload).splitlines()[-1] == (
        "`/pulser deploy api`: everybody, approved by <!subteam^S0APPROVERS>"
    )
    assert len(asked.ephemerals) == 1


async def test_a_command_is_audited_with_its_envelope(stand: Stand) -> None:
    """Who typed what, and the envelope it came in."""
    await stand.type("stauts <!channel>")
    [audit] = await stand.audits()
    [envelope] = await stand.call("list_envelopes_v1", filter={})
    assert (audit["envelope_id"], audit["slack_user"], audit["team_id"]) == (
        envelope["envelope_id"],
        "U0BOB",
        stand.slack.team_id,
    )
    assert (audit["text"], audit["word"], audit["outcome"]) == ("stauts <!channel>", None, "refused")
    assert envelope["status"] == "completed"


async def test_deploy_opens_the_form(stand: Stand) -> None:
    """Filled in with what was typed; nothing else is shown."""
    await stand.services({"service": "api", "environments": ["staging", "production"]}, {"service": "web"})
    asked = await stand.type("deploy api v1.4.2 to production because of the login")
    [view] = stand.slack.modals("U0BOB")
    assert fields_of(view) == {
        "service": "api",
        "version": "v1.4.2",
        "environment": "production",
        "reason": "because of the login",
    }
    assert (asked.outcome, asked.ack_payload, asked.ephemerals) == ("acked", None, [])


async def test_two_hundred_services_make_a_form_and_a_status(stand: Stand) -> None:
    """Both are taken by Slack's own limits."""
    await stand.services(*({"service": f"service-{at:03}"} for at in range(200)))
    asked = await stand.type("deploy service-199")
    assert asked.outcome == "acked"
    assert fields_of(stand.slack.modals("U0BOB")[0])["service"] == "service-199"
    status = await stand.type("status")
    assert len(status.ephemerals) == 1
    assert text_of(status.ack_payload).count("*service-") == 200


async def test_who_already_deploys_is_said(stand: Stand) -> None:
    """Above the form, and beside it."""
    await stand.services({"service": "api"})
    await stand.running("api", "v1.4.1")
    asked = await stand.type("deploy api")
    told = text_of(asked.ack_payload)
    assert told.startswith("🔵 <@U0CAROL> already wants to deploy *api* production `v1.4.1` since <!date^")
    above, _, offer = told.partition("\n")
    assert stand.slack.modals("U0BOB")[0]["blocks"][0]["text"]["text"] == above
    assert offer == "The form offers to queue yours: it goes on when that one has ended."


async def test_a_running_deploy_is_in_the_status(stand: Stand) -> None:
    """Who, what and in which phase; without a message yet there is no link."""
    await stand.services({"service": "api"})
    await stand.running("api", "v1.4.1")
    told = text_of((await stand.type("status")).ack_payload).splitlines()
    assert told[1] == "🔵 *api* production: <@U0CAROL> wants `v1.4.1`, waits for approval for a few seconds"


@pytest.mark.parametrize(("user", "opened"), [("U0ALICE", 1), ("U0DAVE", 0)])
async def test_only_deployers_get_the_form(stand: Stand, user: str, opened: int) -> None:
    """Who is in the user group that the policy names, as Slack tells it."""
    await stand.services({"service": "api", "deployers": ["S0DEPLOYERS"]})
    asked = await stand.type("deploy api", user)
    assert len(stand.slack.modals(user)) == opened
    assert ("may deploy *api*" in text_of(asked.ack_payload)) is not bool(opened)


async def test_an_expired_trigger_is_said(stand: Stand) -> None:
    """The person can type it again; the ledger does not try again by itself."""
    await stand.services({"service": "api"})
    stand.slack.faults.add(Fault(method="views.open", kind="slack_error", error="expired_trigger_id"))
    asked = await stand.type("deploy api v1")
    assert text_of(asked.ack_payload) == (
        "I was too slow: Slack opens a form only within three seconds. Please type `/pulser deploy api v1` again."
    )
    [audit] = await stand.audits()
    assert (audit["status"], audit["outcome"]) == ("error", "failed")


async def test_an_unknown_service_opens_nothing(stand: Stand) -> None:
    """The nearest name is ready to be typed."""
    await stand.services({"service": "billing"})
    asked = await stand.type("deploy “biling”")
    assert text_of(asked.ack_payload) == "I know no service `biling`. Did you mean `/pulser deploy billing`?"
    assert stand.slack.modals("U0BOB") == []


async def test_health_tells_of_every_part(stand: Stand) -> None:
    """With the real ledger, Vault and Slack: only the relay is not up."""
    told = text_of((await stand.type("health")).ack_payload).splitlines()
    assert told[0] == "🔴 1 of 10 needs attention: Relay"
    assert told[1].startswith("🔴 *Relay*: no sockets up, two should be")
    assert [line.split("*")[1] for line in told[2:-1]] == [
        *("notify-dispatch", "socket-relay", "action-handler", "command-handler"),
        *("Database", "Vault", "Slack", "Messages", "Clicks and commands"),
    ]


async def test_health_answers_in_time_when_functions_are_dead(stand: Stand) -> None:
    """The answer is in the ack, so it came within the three seconds; each dead function says so."""
    stand.silent.update(OTHERS)
    asked = await stand.type("health")
    told = text_of(asked.ack_payload)
    assert asked.outcome == "acked"
    assert all(f"🔴 *{name}*: no answer within" in told for name in OTHERS)


async def test_a_mention_is_answered_privately(stand: Stand) -> None:
    """The same words; the answer is an ephemeral message in the channel of the mention."""
    async with stand.slack.story.subscribe() as told:
        await stand.slack.mention("general", f"<@{stand.slack.bot_user_id}> stauts", "U0BOB")
        while not stand.slack.ephemerals(None, "U0BOB"):
            await asyncio.wait_for(told.get(), 10)
    [answer] = stand.slack.ephemerals(None, "U0BOB")
    assert text_of(answer).startswith("I do not understand `stauts`. Did you mean `/pulser status`?")
    [audit] = await stand.audits()
    assert (audit["command"], audit["text"]) == ("mention", "stauts")


async def test_a_silence_is_previewed_listed_and_ended(stand: Stand) -> None:
    """The preview changes nothing; an end is audited with who typed it, and tells what it muted."""
    await stand.call("ensure_button_key_v1")
    previewed = await stand.type("silence api ci.* for 2h rebuild")
    assert "🔕 Silence *api* `ci.*` until" in text_of({"blocks": (previewed.ack_payload or {})["blocks"][:1]})
    assert await stand.call("list_silences_v1", filter={}) == []
    begins: dict[str, Any] = {"service": "api", "created_by": {"user": "U0ALICE", "name": "alice"}}
    ends_at = await stand.sql.fetchval(
        "select to_char(clock_timestamp() + interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SSOF')"
    )
    begun = await stand.call("start_silence_v1", silence=begins | {"ends_at": ends_at}, actor="alice")
    silence_id = begun["silence"]["silence_id"]
    assert silence_id[:8] in text_of((await stand.type("silence list")).ack_payload)
    assert "Silenced: *api*" in text_of((await stand.type("help")).ack_payload)
    ended = text_of((await stand.type(f"silence end {silence_id[:8]}")).ack_payload)
    assert ended == "*api* is heard again; <@U0ALICE> had silenced it."
    [over] = await stand.call("list_silences_v1", filter={})
    assert (over["is_live"], over["ended_by"]) == (False, {"user": "U0BOB", "name": "bob"})
    told = await stand.sql.fetchval("select payload from ops.platform_events where event_type = 'silence.ended'")
    assert "Ended before its time by bob. It muted nothing." in told
    assert [it["outcome"] for it in await stand.audits()] == ["previewed", "answered", "answered", "ended"]
