"""A deploy's card shows how many approved, behind what it waits, and what its buttons would do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from notify_dispatch.render.turn import render_turn, render_withdrawn
from pulser.button_value import read
from pulser.card import Card
from tests.unit.notify_dispatch.cards import ALICE, APPROVED, BOB, REQUESTED, card, queued
from tests.unit.notify_dispatch.events import ASKED, BUTTON_KEY
from tests.unit.notify_dispatch.slack_limits import problems
from tests.unit.notify_dispatch.test_cards import buttons, drawn, header, section_texts

CAROL = {"user": "U0CAROL001", "name": "carol", "at": "2026-11-24T07:43:00Z"}
WITHDRAWN = {"by": CAROL, "decision": "withdrawn"}
TWO = {"requested": REQUESTED, "quorum": {"needed": 2, "plan": "ab" * 32}}
BEHIND = {"behind": {"card_id": "c", "release": "1.2.2", "by": {"user": "U0BOB00001", "name": "bob"}}}
RUNS = BEHIND["behind"]
BROKEN = {"phase": "failed", "broke": True}
ASKED_LINE = "Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout"


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
        (
            queued(nth=1, **RUNS),
            "⚪ Deploy queued",
            ["1st in the queue, behind `1.2.2` by <@U0BOB00001>"],
            "reject",
        ),
        (
            queued(nth=4, release=None, by=None),
            "⚪ Deploy queued",
            ["4th in the queue, behind the deploy before it"],
            "reject",
        ),
        (
            card("deploy", "queued", requested=REQUESTED, queue=BEHIND),
            "⚪ Deploy queued",
            ["Queued: its turn comes after the deploys asked for before it"],
            "reject",
        ),
        (
            card("deploy", "rejected", requested=REQUESTED, queue=BEHIND, approval=WITHDRAWN),
            "⚪ Deploy request withdrawn",
            ["Withdrawn by <@U0CAROL001>, 07:43:00"],
            "",
        ),
        (
            card("deploy", "requested", **TWO, **turn()),
            "🔵 Deploy requested",
            ["Its turn came, 07:45:00: `1.2.2` is done", "Waits for 2 approvals"],
            "approve reject",
        ),
        (
            card("deploy", "requested", requested=REQUESTED, **turn(confirm=True, after=BROKEN)),
            "🔵 Deploy requested",
            [
                "Its turn came, 07:45:00: `1.2.2` has failed, so look first what it left",
                "Waits for somebody to let it go on with Approve",
            ],
            "approve reject",
        ),
        (
            card("deploy", "expired", requested=REQUESTED, queue=BEHIND, expired={"was": "queued"}),
            "⚪ Deploy request expired",
            ["Its turn did not come in time"],
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
    shown = buttons(drawn(ASKED, queued(nth=1, **RUNS)))["reject"]
    assert (shown["text"]["text"], shown["confirm"]["title"]["text"]) == (
        "Withdraw",
        "Withdraw @alice's deploy of 1.2.3?",
    )


def test_a_long_name_fits_into_the_question() -> None:
    """A title has a hundred characters."""
    asked = REQUESTED | {"name": "n" * 200}
    message = drawn(ASKED, replace(card("deploy", "queued", requested=asked), release="1" * 100))
    assert buttons(message)["reject"]["confirm"]["title"]["text"].startswith("Withdraw @nnnn")
    assert (message.degraded, problems(message.to_arguments())) == (None, [])


@pytest.mark.parametrize(
    ("approvers", "more", "said"),
    [
        (["S0ONCALL1"], {}, "Waits for 2 approvals by <!subteam^S0ONCALL1>"),
        (["S0ONCALL1", "U0BOB00001"], {}, "Waits for 2 approvals by <!subteam^S0ONCALL1> or <@U0BOB00001>"),
        (["U0ALICE001", "U0BOB00001", "U0CAROL001"], {}, "Waits for 2 approvals by <@U0BOB00001> or <@U0CAROL001>"),
        (["U0BOB00001", "U0CAROL001"], {"approvals": [BOB]}, "Waits for 1 more approval by <@U0CAROL001>"),
        (["<!channel>"], {}, "Waits for 2 approvals"),
    ],
)
def test_a_request_calls_who_may_approve_it(approvers: list[str], more: dict[str, Any], said: str) -> None:
    """Not who asked, nor who has approved."""
    given = replace(card("deploy", "requested", **TWO, **more), approvers=tuple(approvers))
    assert section_texts(drawn(ASKED, given)).splitlines()[-1] == said


def test_many_approvers_fit_into_the_message() -> None:
    """Some are named, the others counted."""
    many = tuple(f"U{it:010}" for it in range(500))
    message = drawn(ASKED, replace(card("deploy", "requested", **TWO), approvers=many))
    assert section_texts(message).endswith("<@U0000000007> or 492 more")
    assert (message.degraded, problems(message.to_arguments())) == (None, [])


def test_a_turn_calls_nobody_twice() -> None:
    """A route's mention stands before it, unless the sentence names the same."""
    on = replace(card("deploy", "requested", **TWO), approvers=("S0ONCALL1",))
    told = "<@U0ALICE001> The turn of the deploy of `1.2.3` has come. Waits for 2 approvals by <!subteam^S0ONCALL1>."
    assert render_turn("d", "e", on, "S0ONCALL1").text == told
    assert render_turn("d", "e", on, "here").text == f"<!here> {told}"


def test_a_withdrawal_by_another_calls_who_asked() -> None:
    """It names who did it without calling him."""
    on = card("deploy", "rejected", requested=REQUESTED, approval=WITHDRAWN)
    told = "<@U0ALICE001> The queued deploy of `1.2.3` was withdrawn by carol."
    assert render_withdrawn("d", "e", on).text == told
    assert render_withdrawn("d", "e", None).text == "The queued deploy was withdrawn."


def test_ten_approvals_fit_into_the_message() -> None:
    """The first ones share a line."""
    people = [ALICE | {"user": f"U{it:010}", "name": "n" * 60} for it in range(10)]
    given = card("deploy", "approved", requested=REQUESTED, quorum={"needed": 10, "plan": "ab" * 32}, approvals=people,
                 approval={"by": people[-1], "decision": "approved"})  # fmt: skip
    message = drawn(ASKED, given)
    lines = section_texts(message).splitlines()
    assert [line for line in lines if "(7 of 10)" in line or "(10 of 10)" in line] == [lines[1], lines[-1]]
    assert (message.degraded, problems(message.to_arguments())) == (None, [])
