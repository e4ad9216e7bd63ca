"""Decisions about requests for a deploy that another program wrote: where another one runs, and without a place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from action_handler.action import Verb
from action_handler.decide import decide
from tests.unit.action_handler.situations import ALICE, BOB, CAROL, EARLIER, POLICY, STRANGER, card, situation

RUNNING = {
    "environment": "production",
    "version": "1.2.2",
    "phase": "started",
    "requested": {"user": CAROL, "name": "carol <!here>", "at": EARLIER},
}


def test_a_request_where_another_deploy_runs_is_not_approved() -> None:
    """Nothing begins, and who pressed is told what is under way."""
    decision = decide(situation("approve", card("deploy", "requested"), running=RUNNING))
    assert (decision.outcome, decision.reason, decision.hook) == ("refused", "deploy_running", None)
    assert decision.note == (
        "Another deploy of `api` is in the way: <@U0CAROL> asked for `1.2.2` in production, "
        "<!date^1772350200^{date_short_pretty} at {time_secs}|2026-03-01 07:30:00 UTC>; "
        "it is under way. Approve this one when that has ended. Nothing was changed."
    )


def test_an_approval_of_several_is_not_counted_where_another_deploy_runs() -> None:
    """The ledger would not take the vote either."""
    policy = replace(POLICY, approvals=2)
    decision = decide(situation("approve", card("deploy", "requested"), policy=policy, running=RUNNING))
    assert (decision.reason, decision.vote) == ("deploy_running", None)


def test_who_may_not_approve_is_told_so_whatever_runs() -> None:
    """He learns who may."""
    on = card("deploy", "requested")
    assert decide(situation("approve", on, STRANGER, running=RUNNING)).reason == "not_permitted"


def test_a_request_where_another_deploy_runs_can_be_rejected() -> None:
    """That is in nobody's way."""
    assert decide(situation("reject", card("deploy", "requested"), running=RUNNING)).reason == "rejected"


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("user", [ALICE, BOB])
@pytest.mark.parametrize("missing", ["service", "environment"])
def test_a_request_without_a_place_is_not_decided_about(verb: Verb, user: str, missing: str) -> None:
    """Neither by who asked for it nor by an approver: the ledger has no card for it."""
    nowhere: dict[str, Any] = {missing: None}
    on = card("deploy", "requested", **nowhere)
    decision = decide(situation(verb, on, user, policy=POLICY if on.service else None))
    assert (decision.outcome, decision.reason) == ("refused", "no_place")
    assert decision.note == (
        f"This request names no {missing}, so it can be neither approved nor rejected. Nothing was changed."
    )
