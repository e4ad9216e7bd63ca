"""The submitted deploy modal: errors on its fields, or a request with its card."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from action_handler.action import DeploySubmission
from action_handler.deploy_request import Asked, answer_request, channel_of
from pulser.deploy_modal import DeployForm
from pulser.envelope import Envelope
from pulser.permission import Membership
from pulser.settlement import Hook
from tests.unit.action_handler.situations import ALICE, BOB, CAROL, EARLIER_AT, NO_GROUPS, NOW, ONCALL, person

FORM = DeployForm("api", "1.2.4", "production", "a fix")
VIEW = {"callback_id": "pulser_deploy", "private_metadata": json.dumps({"channel": "C1"})}
POLICY: dict[str, Any] = {
    "service": "api", "environments": ["production", "staging"], "approval_required": True, "approvers": [BOB],
    "deployers": [], "rollback_by": [], "can_deploy": True, "can_rollback": True, "runbook_url": None,
}  # fmt: skip
RUNNING = {
    "card_id": "c", "service": "api", "environment": "production", "version": "1.2.3", "phase": "requested",
    "requested": person(BOB),
}  # fmt: skip
ENVELOPE = Envelope.from_interaction({"type": "view_submission", "team": {"id": "T1"}, "user": {"id": ALICE}}, "e-1")


def asked(**more: Any) -> Asked:  # noqa: ANN401  parts of what is asked
    """Alice asks for 1.2.4 of api in production."""
    made = Asked(DeploySubmission(ALICE, "alice", VIEW), FORM, POLICY, [], NO_GROUPS, NOW)
    return replace(made, **more)


def errors(of: Asked) -> dict[str, str]:
    """The field errors in the ack; nothing else may happen then."""
    settlement = answer_request(of, ENVELOPE)
    assert (settlement.new_card, settlement.hooks, settlement.reply) == (None, (), None)
    assert settlement.ack is not None
    assert settlement.ack["response_action"] == "errors"
    found: dict[str, str] = settlement.ack["errors"]
    return found


def test_a_request_makes_an_event_and_its_card() -> None:
    """It waits for an approval: no hook is called yet."""
    settlement = answer_request(asked(), ENVELOPE)
    (event,) = settlement.events
    assert (event.event_type, event.target) == ("deploy.requested", "api")
    assert {"service": "api", "environment": "production", "version": "1.2.4", "requested_by": ALICE}.items() <= (
        event.payload.items()
    )
    assert settlement.new_card is not None
    assert (settlement.new_card.phase, settlement.new_card.release) == ("requested", "1.2.4")
    assert settlement.new_card.state == {
        "requested": {
            "user": ALICE, "name": "alice", "at": NOW.isoformat(), "reason": "a fix", "version": "1.2.4",
        },
        "quorum": {"needed": 1},
    }  # fmt: skip
    assert (settlement.ack, settlement.hooks) == (None, [])


def test_a_request_that_needs_no_approval_begins() -> None:
    """The card is approved from the start, and the hook is called."""
    settlement = answer_request(asked(policy=POLICY | {"approval_required": False}), ENVELOPE)
    assert settlement.new_card is not None
    assert settlement.new_card.phase == "approved"
    assert settlement.new_card.state["approval"] == {"decision": "not_needed"}
    assert settlement.new_card.state["hook"]["status"] == "queued"
    assert settlement.hooks == [
        Hook(
            "api",
            "deploy",
            {
                "version": "1.2.4", "environment": "production", "reason": "a fix", "requested_by": ALICE,
                "approved_by": None,
            },
            "new_card",
        )
    ]  # fmt: skip


def test_the_requester_is_told_who_decides() -> None:
    """In the channel where he asked, himself left out."""
    settlement = answer_request(asked(policy=POLICY | {"approvers": [ALICE, BOB, ONCALL]}), ENVELOPE)
    assert settlement.reply is not None
    assert (settlement.reply.channel, settlement.reply.user) == ("C1", ALICE)
    assert f"approval of <@{BOB}> or <!subteam^{ONCALL}>" in settlement.reply.body["text"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"form": replace(FORM, version="")}, "version"),
        ({"form": replace(FORM, version="$(rm -rf /)")}, "version"),
        ({"form": replace(FORM, environment="moon")}, "environment"),
        ({"form": replace(FORM, reason="")}, "reason"),
        ({"form": replace(FORM, service="")}, "service"),
        ({"policy": None}, "service"),
        ({"policy": POLICY | {"can_deploy": False}}, "service"),
        ({"running": [RUNNING]}, "environment"),
        ({"policy": POLICY | {"deployers": [BOB]}}, "service"),
        ({"policy": POLICY | {"deployers": [ONCALL]}}, "service"),
        (
            {
                "policy": POLICY | {"deployers": [ONCALL]},
                "membership": Membership(frozenset(), frozenset({ONCALL})),
            },
            "service",
        ),
    ],
)
def test_what_is_wrong_stands_on_its_field(more: dict[str, Any], field: str) -> None:
    """The modal stays open."""
    assert field in errors(asked(**more))


def test_who_deploys_already_is_told() -> None:
    """By name, with how long ago it was asked for."""
    assert "bob asked for 1.2.3 in production 3 min ago" in errors(asked(running=[RUNNING]))["environment"]


@pytest.mark.parametrize(
    ("deployers", "membership"),
    [([], NO_GROUPS), ([ALICE], NO_GROUPS), ([ONCALL], Membership(frozenset({ONCALL})))],
)
def test_who_is_named_may_ask(deployers: list[str], membership: Membership) -> None:
    """Where nobody is named, anybody may ask; the approval guards the rest."""
    settlement = answer_request(asked(policy=POLICY | {"deployers": deployers}, membership=membership), ENVELOPE)
    assert settlement.new_card is not None


def test_a_refused_request_is_audited() -> None:
    """Who wanted what, and that it was refused."""
    settlement = answer_request(asked(running=[RUNNING]), ENVELOPE)
    (event,) = settlement.events
    assert event.event_type == "slack.action"
    assert event.payload["outcome"] == "refused"
    assert "environment" in event.payload["errors"]


def test_errors_that_come_too_late_are_a_note() -> None:
    """The modal is closed by then; nothing of the form can mention anybody."""
    late = answer_request(asked(form=replace(FORM, environment="<!channel>")), ENVELOPE).answered_late(ENVELOPE)
    assert late.reply is not None
    assert "was not asked for" in late.reply.body["text"]
    assert "<!channel>" not in late.reply.body["text"]


@pytest.mark.parametrize("metadata", [None, "", "x", "[]", "7", "{}", '{"channel": 7}', "[" * 3000, {"channel": "C1"}])
def test_odd_metadata_names_no_channel(metadata: object) -> None:
    """Then there is no note, and the card speaks for itself."""
    assert channel_of({"private_metadata": metadata}) is None
    settlement = answer_request(
        asked(submission=DeploySubmission(ALICE, None, {"private_metadata": metadata})), ENVELOPE
    )
    assert settlement.reply is None
    assert settlement.new_card is not None


def test_a_deploy_can_be_queued_behind_the_one_that_runs() -> None:
    """Its card waits, no hook is called, and who asked is told behind whom."""
    for required, state in ((True, "quorum"), (False, "approval")):
        queue = replace(FORM, queue="queue")
        policy = POLICY | {"approval_required": required, "approvals": 2, "approvers": [BOB, ONCALL]}
        settlement = answer_request(asked(form=queue, policy=policy, running=[RUNNING]), ENVELOPE)
        assert settlement.new_card is not None
        assert (settlement.new_card.phase, settlement.hooks) == ("queued", [])
        assert set(settlement.new_card.state) == {"requested", state}
        assert settlement.events[0].payload["queued"] is True
        assert settlement.reply is not None
        under_way = f"<@{BOB}> asked for `1.2.3` in production, <!date^{EARLIER_AT}^"
        assert f"It is queued. Under way now: {under_way}" in settlement.reply.body["text"]


def test_a_running_deploy_of_hostile_names_mentions_nobody() -> None:
    """Version and environment come from whoever wrote the event."""
    running = RUNNING | {"version": "<!channel>`", "requested": {"user": "x", "name": "<!here>"}}
    settlement = answer_request(asked(form=replace(FORM, queue="queue"), running=[running]), ENVELOPE)
    assert settlement.reply is not None
    assert "<!" not in settlement.reply.body["text"]


def test_the_second_in_line_is_told_that_another_waits_before() -> None:
    """What runs is not all that comes first."""
    queue = replace(FORM, queue="queue")
    settlement = answer_request(asked(form=queue, running=[RUNNING | {"queued": 1}]), ENVELOPE)
    assert settlement.reply is not None
    assert f"It is queued behind 1 other that waits. Under way now: <@{BOB}> asked" in settlement.reply.body["text"]


@pytest.mark.parametrize(
    ("approvals", "approvers", "why"),
    [
        (1, [], "Nobody may approve a deploy of this service, so it could never begin"),
        (1, [ALICE], "needs 1 approval. You cannot approve your own deploy, and nobody else is named"),
        (2, [ALICE, BOB], "needs 2 approvals. You cannot approve your own deploy, and only 1 other is named"),
        (2, [BOB], "needs 2 approvals. But only 1 other is named"),
        (2, [BOB, CAROL], None),
        (3, [ALICE, ONCALL], None),
    ],
)
@pytest.mark.parametrize("form", [FORM, replace(FORM, queue="queue")])
def test_what_nobody_could_approve_is_refused_at_once(
    approvals: int, approvers: list[str], why: str | None, form: DeployForm
) -> None:
    """It would stand in everybody's way for a day. Of a group nobody knows how many are in it."""
    of = asked(policy=POLICY | {"approvals": approvals, "approvers": approvers}, form=form, running=[])
    if why is None:
        assert answer_request(of, ENVELOPE).new_card is not None
    else:
        assert why in errors(of)["service"]
    free = asked(policy=POLICY | {"approval_required": False, "approvers": approvers})
    assert answer_request(free, ENVELOPE).new_card is not None


def test_what_ended_meanwhile_needs_no_queue() -> None:
    """It is asked for as always."""
    settlement = answer_request(asked(form=replace(FORM, queue="queue")), ENVELOPE)
    assert settlement.new_card is not None
    assert (settlement.new_card.phase, "queued" in settlement.events[0].payload) == ("requested", False)


def test_the_requester_is_told_how_many_decide() -> None:
    """Where one alone does not."""
    settlement = answer_request(asked(policy=POLICY | {"approvals": 2, "approvers": [ONCALL]}), ENVELOPE)
    assert settlement.reply is not None
    assert f"It waits for 2 approvals, by <!subteam^{ONCALL}>." in settlement.reply.body["text"]
