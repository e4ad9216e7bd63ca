"""A deploy's card shows how many approved, behind what it waits, and what its buttons would do."""

from __future__ import annotations

from typing import Any

import pytest

from pulser.button_value import read
from pulser.card import Card
from tests.unit.notify_dispatch.cards import ALICE, APPROVED, BOB, REQUESTED, card
from tests.unit.notify_dispatch.events import ASKED, BUTTON_KEY
from tests.unit.notify_dispatch.slack_limits import problems
from tests.unit.notify_dispatch.test_cards import buttons, drawn, header, section_texts

CAROL = {"user": "U0CAROL001", "name": "carol", "at": "2026-11-24T07:43:00Z"}
TWO = {"requested": REQUESTED, "quorum": {"needed": 2, "plan": "ab" * 32}}
BEHIND = {"behind": {"card_id": "c", "release": "1.2.2", "by": {"user": "U0BOB00001", "name": "bob"}}}
BROKEN = {"phase": "failed", "broke": True}
ASKED_LINE = "Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout"
QUEUED_LINE = "Queued behind `1.2.2` by <@U0BOB00001>"


def turn(**told: Any) -> dict[str, Any]:  # noqa: ANN401
    after = {"card_id": "c", "release": "1.2.2", "phase": "completed", "broke": False} | told.pop("after", {})
    return {"queue": BEHIND | {"turn": {"at": "2026-11-24T07:45:00Z", "after": after, "confirm": False} | told}}


@pytest.mark.parametrize(
    ("given", "said", "told", "offered"),
    [
        (card("deploy", "requested", **TWO), "🔵 Deploy requested", ["Waits for 2 approvals"], "approve reject"),
        (
            card("deploy", "requested", **TWO, approvals=[BOB]),
            "🔵 Deploy requested",
            ["Approved by <@U0BOB00001> (1 of 2), 07:42:00", "Waits for 1 more approval"],
            "approve reject",
        ),
        (
            card("deploy", "approved", **TWO, approvals=[CAROL, BOB], approval=APPROVED),
            "🔵 Deploy approved",
            ["Approved by <@U0BOB00001> (2 of 2), 07:42:00", "Approved by <@U0CAROL001> (1 of 2), 07:43:00"],
            "",
        ),
        (
            card("deploy", "expired", **TWO, approvals=[BOB], expired={"was": "requested"}),
            "⚪ Deploy request expired",
            ["Approved by <@U0BOB00001> (1 of 2), 07:42:00", "Only 1 of 2 approved it in time"],
            "",
        ),
        (
            card("deploy", "rejected", **TWO, approvals=[BOB], approval={"by": CAROL, "decision": "rejected"}),
            "🟠 Deploy rejected",
            ["Approved by <@U0BOB00001> (1 of 2), 07:42:00", "Rejected by <@U0CAROL001>, 07:43:00"],
            "",
        ),
        (card("deploy", "queued", requested=REQUESTED, queue=BEHIND), "⚪ Deploy queued", [QUEUED_LINE], "reject"),
        (
            card("deploy", "requested", **TWO, **turn()),
            "🔵 Deploy requested",
            [QUEUED_LINE, "Its turn came, 07:45:00: `1.2.2` is done", "Waits for 2 approvals"],
            "approve reject",
        ),
        (
            card("deploy", "requested", requested=REQUESTED, **turn(confirm=True, after=BROKEN)),
            "🔵 Deploy requested",
            [
                QUEUED_LINE,
                "Its turn came, 07:45:00: `1.2.2` has failed, so look first what it left",
                "Waits for somebody to let it go on with Approve",
            ],
            "approve reject",
        ),
        (
            card("deploy", "expired", requested=REQUESTED, queue=BEHIND, expired={"was": "queued"}),
            "⚪ Deploy request expired",
            [QUEUED_LINE, "Its turn did not come in time"],
            "",
        ),
    ],
)  # fmt: skip
def test_a_card_tells_how_far_it_is(given: Card, said: str, told: list[str], offered: str) -> None:
    """Who approved, how many more are needed, and what can be pressed."""
    message = drawn(ASKED, given)
    assert header(message) == f"{said}: api in production"
    assert section_texts(message).splitlines() == [ASKED_LINE, *told]
    assert " ".join(buttons(message)) == offered
    assert not problems(message.to_arguments())


def test_approve_carries_the_plan_that_it_was_drawn_for() -> None:
    """Reject is of no plan, and a card from before has none."""
    shown = buttons(drawn(ASKED, card("deploy", "requested", **TWO)))
    assert read(shown["approve"]["value"], BUTTON_KEY, "pulser_approve").plan == "ab" * 8
    assert read(shown["reject"]["value"], BUTTON_KEY, "pulser_reject").plan is None
    old = buttons(drawn(ASKED, card("deploy", "requested", requested=REQUESTED)))
    assert read(old["approve"]["value"], BUTTON_KEY, "pulser_approve").plan is None


@pytest.mark.parametrize(
    ("votes", "asks"),
    [
        ([], "This is one of the 2 approvals that are needed to deploy version 1.2.3 of api in production."),
        ([BOB], "This deploys version 1.2.3 of api in production."),
    ],
)
def test_approve_says_whether_it_is_the_last(votes: list[dict[str, str]], asks: str) -> None:
    """Before it is pressed."""
    shown = buttons(drawn(ASKED, card("deploy", "requested", **TWO, approvals=votes)))
    assert shown["approve"]["confirm"]["text"]["text"] == asks


def test_a_queued_deploy_is_withdrawn_by_its_own_word() -> None:
    """The deed is that of Reject."""
    shown = buttons(drawn(ASKED, card("deploy", "queued", requested=REQUESTED, queue=BEHIND)))["reject"]
    assert (shown["text"]["text"], shown["confirm"]["title"]["text"]) == ("Withdraw", "Withdraw this deploy?")


def test_ten_approvals_fit_into_the_message() -> None:
    """The first ones share a line."""
    people = [ALICE | {"user": f"U{it:010}", "name": "n" * 60} for it in range(10)]
    given = card("deploy", "approved", requested=REQUESTED, quorum={"needed": 10, "plan": "ab" * 32}, approvals=people,
                 approval={"by": people[-1], "decision": "approved"})  # fmt: skip
    message = drawn(ASKED, given)
    lines = section_texts(message).splitlines()
    assert [line for line in lines if "(7 of 10)" in line or "(10 of 10)" in line] == [lines[1], lines[-1]]
    assert (message.degraded, problems(message.to_arguments())) == (None, [])
