from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from command_handler.answer import Answer
from command_handler.command import read_command
from command_handler.deploy import DeployCommand, already, form_of
from pulser.deploy_modal import DeployForm
from pulser.envelope import Envelope
from pulser.errors import DatabaseUnavailable, PulserError, SlackHeld, SlackInDoubt, SlackRefused, SlackTokenRefused
from tests.unit.command_handler.answers import at, lines, policy, problems, running
from tests.unit.command_handler.fakes import FakeLedger, FakeSlack

APPROVERS = ["S0APPROVERS"]
API = policy("api", "staging", "production", approvers=APPROVERS)
WEB = policy("web", approvers=APPROVERS)


def command_envelope(**payload: str) -> Envelope:
    form = {"command": "/pulser", "team_id": "T1", "user_id": "U0BOB", "channel_id": "C1", "trigger_id": "1.2.x"}
    return Envelope.from_command_form({**form, **payload}, "e1")


async def ask(
    text: str,
    *,
    policies: list[dict[str, Any]] | None = None,
    slack: FakeSlack | None = None,
    deploys: list[dict[str, Any]] | None = None,
    envelope: Envelope | None = None,
) -> Answer:
    ledger = FakeLedger(list_services_v1=[API, WEB] if policies is None else policies, running_deploys_v1=deploys or [])
    command = DeployCommand(ledger, slack or FakeSlack())
    said = await command.answer(read_command(text), envelope or command_envelope(), "/pulser")
    assert said.text == "" or problems(said) == []
    return said


def view_of(slack: FakeSlack) -> dict[str, Any]:
    [view] = [arguments["view"] for method, arguments in slack.calls if method == "views.open"]
    return dict(view)


async def test_the_form_is_opened_with_the_trigger() -> None:
    """Nothing else is said: the form is the answer."""
    slack = FakeSlack()
    said = await ask("deploy api 1.4.2", slack=slack)
    assert (said.text, said.outcome, said.facts) == ("", "form_opened", {"service": "api", "version": "1.4.2"})
    assert slack.calls[0][1]["trigger_id"] == "1.2.x"
    assert json.loads(view_of(slack)["private_metadata"]) == {"channel": "C1"}


async def test_without_a_service_the_form_asks() -> None:
    """`/pulser deploy` alone opens the form with nothing chosen."""
    slack = FakeSlack()
    assert (await ask("deploy", slack=slack)).outcome == "form_opened"
    assert "initial_option" not in view_of(slack)["blocks"][0]["element"]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("deploy api", DeployForm("api")),
        ("deploy API 1.4.2", DeployForm("api", "1.4.2")),
        ("deploy api 1.4.2 production", DeployForm("api", "1.4.2", "production")),
        ("deploy api production 1.4.2", DeployForm("api", "1.4.2", "production")),
        ("deploy api 1.4.2 to Production fixes login", DeployForm("api", "1.4.2", "production", "fixes login")),
        ("deploy api 1.4.2 fixes production", DeployForm("api", "1.4.2", "", "fixes production")),
        ("deploy api to production", DeployForm("api", "", "production")),
        ('deploy "api" "1.4.2" "production" "two words"', DeployForm("api", "1.4.2", "production", "two words")),
    ],
)
def test_what_is_typed_is_filled_in(text: str, form: DeployForm) -> None:
    """Service, version, environment and reason, as far as they are there."""
    assert form_of(read_command(text), API) == form


async def test_an_unknown_service_has_near_ones() -> None:
    """No form is opened for a typing error."""
    slack = FakeSlack()
    said = await ask("deploy wep", slack=slack)
    assert lines(said) == ["I know no service `wep`. Did you mean `/pulser deploy web`?"]
    assert (said.outcome, slack.calls) == ("refused", [])


async def test_nothing_to_deploy_is_said() -> None:
    """Where no service is set up, the answer says where that is done."""
    said = await ask("deploy api", policies=[policy("web", can_deploy=False)])
    assert lines(said)[0].startswith("No service is set up to be deployed from Slack.")


async def test_a_service_without_a_hook_is_said() -> None:
    """Known, but nobody told how."""
    said = await ask("deploy web", policies=[API, policy("web", can_deploy=False)])
    assert lines(said) == ["I have not been told how to deploy *web*: it has no `deploy` in pulser.yaml."]


@pytest.mark.parametrize("phase", ["requested", "approved", "started"])
async def test_who_already_deploys_is_said_in_the_form_and_in_the_answer(phase: str) -> None:
    """Who, what, where and since when, before anybody submits."""
    slack = FakeSlack()
    said = await ask("deploy api", slack=slack, deploys=[running(phase), running(service="web")])
    [told, offer] = lines(said)
    assert told == view_of(slack)["blocks"][0]["text"]["text"]
    assert offer == "The form offers to queue yours: it goes on when that one has ended."
    assert view_of(slack)["blocks"][-1]["block_id"] == "queue"
    assert told.startswith("🔵 <@U0BOB> already ")
    assert "*api* production `v1.3` since <!date^" in told


def test_several_deploys_are_told_up_to_three() -> None:
    """A form is no list."""
    told = already([running(environment=str(it)) for it in range(5)], "api")
    assert told.splitlines()[-1] == "… and 2 more"
    assert len(told.splitlines()) == 4


def test_a_deploy_of_another_service_is_not_told() -> None:
    """Only what matters for the one that was asked for; without one, everything."""
    assert already([running(service="web")], "api") == ""
    assert "*web* production" in already([running(service="web", since=at(minutes=1))], "")


async def test_who_is_named_may_deploy() -> None:
    """A user that the policy names gets the form."""
    assert (
        await ask("deploy web", policies=[policy("web", approvers=APPROVERS, deployers=["U0BOB"])])
    ).outcome == "form_opened"


async def test_who_is_in_a_named_group_may_deploy() -> None:
    """Slack tells who is in a user group."""
    slack = FakeSlack(usergroups_users_list={"users": ["U0BOB"]})
    said = await ask(
        "deploy web", policies=[policy("web", approvers=APPROVERS, deployers=["S0DEPLOYERS"])], slack=slack
    )
    assert (said.outcome, slack.calls[0][1]) == ("form_opened", {"usergroup": "S0DEPLOYERS"})


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {},
            "Nobody may approve a deploy of this service, so it could never begin: approvers in pulser.yaml is empty.",
        ),
        (
            {"approvals": 2, "approvers": ["U0BOB", "U0ALICE"]},
            (
                "A deploy of this service needs 2 approvals. You cannot approve your own deploy, and only 1 other is "
                "named in approvers in pulser.yaml, so it could never begin."
            ),
        ),
        ({"approval_required": False}, None),
        ({"approvals": 2, "approvers": ["U0BOB", "S0APPROVERS"]}, None),
    ],
)
async def test_what_nobody_could_approve_has_no_form(more: dict[str, Any], told: str | None) -> None:
    """It is said before anybody fills it in."""
    said = await ask("deploy web", policies=[policy("web", **more)])
    assert (said.outcome, lines(said)) == (("refused", [told]) if told else ("form_opened", []))


async def test_what_was_taken_for_the_reason_is_said_in_the_form() -> None:
    """It may have been meant as something else."""
    slack = FakeSlack()
    said = await ask("deploy api v6 production extra", slack=slack)
    assert (said.text, said.outcome) == ("", "form_opened")
    assert view_of(slack)["blocks"][0]["text"]["text"] == "I took `extra` for the reason."


async def test_the_form_proposes_to_queue_where_one_runs() -> None:
    """In the place that was typed."""
    slack = FakeSlack()
    await ask("deploy api v6 production", slack=slack, deploys=[running()])
    assert view_of(slack)["blocks"][-1]["element"]["initial_option"]["value"] == "queue"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "it is approved and about to start."),
        ({"decision": "not_needed"}, "it is about to start."),
        ({"decision": "not_needed", "hook": "accepted"}, "it was accepted by the deploy hook."),
    ],
)
def test_who_already_deploys_says_how_far_it_is(more: dict[str, str], told: str) -> None:
    """Nobody approves what needs no approval, and a hook that accepted was called."""
    assert already([running("approved", **more)], "api").endswith(f"; {told}")


async def test_who_is_not_named_may_not() -> None:
    """The answer says who may; no form opens."""
    slack = FakeSlack(usergroups_users_list={"users": ["U0CAROL"]})
    said = await ask(
        "deploy web", policies=[policy("web", approvers=APPROVERS, deployers=["U0ALICE", "S0DEPLOYERS"])], slack=slack
    )
    assert lines(said) == ["Only <@U0ALICE> <!subteam^S0DEPLOYERS> may deploy *web*."]
    assert (said.outcome, [method for method, _ in slack.calls]) == ("refused", ["usergroups.users.list"])


@pytest.mark.parametrize("trouble", [SlackTokenRefused("missing_scope", "no"), asyncio.Event()])
async def test_a_group_that_slack_does_not_tell_lets_nobody_in(trouble: object) -> None:
    """An error or silence is no permission; it is said within the trigger's time."""
    slack = FakeSlack(usergroups_users_list=trouble)
    said = await ask(
        "deploy web", policies=[policy("web", approvers=APPROVERS, deployers=["S0DEPLOYERS"])], slack=slack
    )
    assert lines(said)[0].startswith("I cannot find out just now whether you may deploy it")
    assert (said.outcome, said.error) == ("failed", "group_not_known")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SlackRefused("expired_trigger_id", "x"), "I was too slow: Slack opens a form only within three seconds. "),
        (SlackRefused("trigger_expired", "x"), "I was too slow: Slack opens a form only within three seconds. "),
        (SlackRefused("exchanged_trigger_id", "x"), "The form should be open. If you do not see it: please type "),
        (SlackHeld("ratelimited", "x"), "Slack did not open the form (ratelimited). "),
        (SlackInDoubt("timeout", "x"), "The form should be open. If you do not see it: please type "),
        (DatabaseUnavailable("x"), "Slack did not open the form (DatabaseUnavailable). "),
    ],
)
async def test_a_form_that_did_not_open_is_said(error: PulserError, told: str) -> None:
    """The person can type it again, and finds the words ready."""
    said = await ask("deploy api 1.4.2", slack=FakeSlack(views_open=error))
    assert lines(said)[0].startswith(told)
    assert "type `/pulser deploy api 1.4.2` again" in lines(said)[0]
    assert said.outcome == "failed"


async def test_a_mention_cannot_open_a_form() -> None:
    """Slack gives no trigger for it: the answer is the command, ready to be typed."""
    event = {"type": "app_mention", "user": "U0BOB", "text": "<@U0PULSER> deploy api 1.4.2", "channel": "C1"}
    slack = FakeSlack()
    mention = Envelope.from_event({"team_id": "T1", "event": event}, "e1")
    said = await ask("deploy api 1.4.2 production a fix", slack=slack, envelope=mention)
    assert lines(said)[0].endswith("Please type `/pulser deploy api 1.4.2 production a fix`")
    assert slack.calls == []
