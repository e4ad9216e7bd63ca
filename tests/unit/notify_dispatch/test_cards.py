"""A card shows in place who did what and when, and offers what can still be done."""

from __future__ import annotations

import re
from typing import Any

import pytest

from notify_dispatch.event import Event
from notify_dispatch.render import Message, render
from pulser.card import Card
from tests.unit.notify_dispatch.cards import (
    ACCEPTED,
    ALICE,
    APPROVED,
    BOB,
    PHASES,
    REQUESTED,
    ROLLBACK,
    card,
    queued,
    result,
)
from tests.unit.notify_dispatch.events import ALERT, ASKED, DELIVERY_ID, EVENT_ID, PLACE, RELEASE, event, occasion
from tests.unit.notify_dispatch.slack_limits import problems


def drawn(happened: Event, given: Card | None) -> Message:
    return render(happened, occasion(card=given))


def header(message: Message) -> str:
    return str(message.blocks[0]["text"]["text"])


def section_texts(message: Message) -> str:
    """The texts between header and fields, with the dates as a reader in UTC sees them."""
    told = "\n".join(
        block["text"]["text"] for block in message.blocks if block["type"] == "section" and "text" in block
    )
    return re.sub(r"<!date\^\d+\^\{date_short_pretty\} \{time\}\|[\d-]+T([\d:]+)Z>", r"\1", told)


def buttons(message: Message) -> dict[str, dict[str, Any]]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {button["action_id"].removeprefix("pulser_"): button for row in rows for button in row}


@pytest.mark.parametrize(
    ("happened", "given", "said", "told", "offered"),
    [
        (
            ALERT,
            card("alert", "open"),
            "🚨 CRITICAL · Error rate above threshold",
            [],
            "acknowledge investigate open snooze",
        ),
        (
            ALERT,
            card("alert", "acknowledged", acknowledged=ALICE),
            "🟡 Acknowledged · Error rate above threshold",
            ["Acknowledged by <@U0ALICE001>, 07:40:00"],
            "investigate open",
        ),
        (
            ALERT,
            card("alert", "investigating", acknowledged=ALICE, investigating=BOB),
            "🔵 Investigating · Error rate above threshold",
            ["Acknowledged by <@U0ALICE001>, 07:40:00", "Under investigation by <@U0BOB00001>, 07:42:00"],
            "open",
        ),
        (
            ALERT,
            card("alert", "resolved", acknowledged=ALICE, resolved={"at": "2026-11-24T07:45:00Z"}),
            "🟢 Resolved · Error rate above threshold",
            ["Acknowledged by <@U0ALICE001>, 07:40:00", "Resolved, 07:45:00"],
            "open",
        ),
        (
            ASKED,
            card("deploy", "requested", requested=REQUESTED),
            "🔵 Deploy requested",
            ["Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout", "Waits for an approval"],
            "approve reject",
        ),
        (
            ASKED,
            card("deploy", "approved", requested=REQUESTED, approval=APPROVED, hook={"status": "queued"}),
            "🔵 Deploy approved",
            [
                "Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout",
                "Approved by <@U0BOB00001>, 07:42:00",
                "Deploy hook is being called",
            ],
            "",
        ),
        (
            ASKED,
            card("deploy", "approved", requested=REQUESTED, approval={"decision": "not_needed"}, hook=ACCEPTED),
            "🔵 Deploy requested",
            [
                "Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout",
                "No approval is needed",
                "Deploy hook accepted, 07:42:03 (<https://ci.example/runs/1|see the run>)",
            ],
            "open",
        ),
        (
            ASKED,
            card("deploy", "rejected", requested=REQUESTED, approval={"by": BOB, "decision": "rejected"}),
            "🟠 Deploy rejected",
            ["Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout", "Rejected by <@U0BOB00001>, 07:42:00"],
            "",
        ),
        (
            ASKED,
            card("deploy", "started", requested=REQUESTED, result=result("started")),
            "🔵 Deploy started",
            [
                "Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout",
                "Deploy started, 07:45:00: version `1.2.3`",
            ],
            "",
        ),
        (
            ASKED,
            card("deploy", "completed", requested=REQUESTED, result=result("completed", url="https://ci.example/9")),
            "🟢 Deploy completed",
            [
                "Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout",
                "Deploy completed, 07:45:00: version `1.2.3` (<https://ci.example/9|see it>)",
            ],
            "rollback open",
        ),
        (
            ASKED,
            card("deploy", "failed", hook={"status": "failed", "at": BOB["at"], "text": "GitHub says <no>"}),
            "🔴 Deploy failed",
            ["Deploy hook failed, 07:42:00: GitHub says &lt;no&gt;"],
            "",
        ),
        (
            ASKED,
            card("deploy", "expired", requested=REQUESTED),
            "⚪ Deploy request expired",
            ["Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout", "Nobody approved it in time"],
            "",
        ),
        (
            ASKED,
            queued(nth=1, release="1.2.2", by=BOB),
            "⚪ Deploy queued",
            [
                "Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout",
                "1st in the queue, behind `1.2.2` by <@U0BOB00001>",
            ],
            "reject",
        ),
        (
            ASKED,
            card("deploy", "rejected", requested=REQUESTED, approval={"by": ALICE, "decision": "rejected"}),
            "⚪ Deploy request withdrawn",
            ["Requested by <@U0ALICE001>, 07:40:00: hotfix for checkout", "Withdrawn by <@U0ALICE001>, 07:40:00"],
            "",
        ),
        (
            ASKED,
            card("deploy", "completed", rollback=ROLLBACK, hook={**ACCEPTED, "action": "rollback"}),
            "🟠 Rollback requested",
            [
                "Rollback of `1.2.3` requested by <@U0BOB00001>, 07:42:00",
                "Rollback hook accepted, 07:42:03 (<https://ci.example/runs/1|see the run>)",
            ],
            "open",
        ),
        (
            ASKED,
            card("deploy", "completed", rollback=ROLLBACK, hook={"action": "rollback", "status": "failed"}),
            "🔴 Rollback failed",
            ["Rollback of `1.2.3` requested by <@U0BOB00001>, 07:42:00", "Rollback hook failed"],
            "",
        ),
        (
            ASKED,
            card(
                "deploy",
                "completed",
                rollback=ROLLBACK | {"started": True},
                hook={"action": "rollback", "status": "failed"},
                result=result("started"),
            ),
            "🟠 Rollback requested",
            [
                "Rollback of `1.2.3` requested by <@U0BOB00001>, 07:42:00",
                "Rollback started, 07:45:00: version `1.2.3`",
                "Rollback hook failed",
            ],
            "",
        ),
        (
            ASKED,
            card("deploy", "completed", rollback=ROLLBACK, result=result("completed", version="1.2.2")),
            "⚪ Rollback completed",
            [
                "Rollback of `1.2.3` requested by <@U0BOB00001>, 07:42:00",
                "Rollback completed, 07:45:00: version `1.2.2`",
            ],
            "",
        ),
        (RELEASE, card("release", "deployed"), "🟢 Deploy completed", [], "rollback open"),
        (
            RELEASE,
            card("release", "rolling_back", rollback=ROLLBACK, hook={**ACCEPTED, "action": "rollback"}),
            "🟠 Rollback requested",
            [
                "Rollback of `1.2.3` requested by <@U0BOB00001>, 07:42:00",
                "Rollback hook accepted, 07:42:03 (<https://ci.example/runs/1|see the run>)",
            ],
            "open",
        ),
        (
            RELEASE,
            card("release", "rolled_back", rollback=ROLLBACK, result=result("completed", version="1.2.2")),
            "⚪ Rollback completed",
            [
                "Rollback of `1.2.3` requested by <@U0BOB00001>, 07:42:00",
                "Rollback completed, 07:45:00: version `1.2.2`",
            ],
            "open",
        ),
        (
            RELEASE,
            card("release", "deployed", hook={"status": "failed", "action": "rollback", "text": "it is away"}),
            "🟢 Deploy completed",
            ["Rollback hook failed: it is away"],
            "rollback open",
        ),
    ],
)
def test_each_phase_has_its_words_and_buttons(
    happened: Event, given: Card, said: str, told: list[str], offered: str
) -> None:
    """Header, history and buttons of every phase of every kind."""
    message = drawn(happened, given)
    assert header(message) == f"{said}: api in production"
    assert [line for line in section_texts(message).split("\n") if line and not line.startswith("<@")] == told
    assert list(buttons(message)) == offered.split()


def test_table_covers_the_phases() -> None:
    """The table above has every phase that the ledger knows."""
    table = test_each_phase_has_its_words_and_buttons.pytestmark[0].args[1]  # type: ignore[attr-defined]  # set by pytest
    known = {(kind, phase) for kind, phases in PHASES.items() for phase in phases}
    assert {(line[1].kind, line[1].phase) for line in table} == known


def test_the_notification_tells_the_phase() -> None:
    """The fallback text says where the thing stands now, not how it began."""
    given = card("deploy", "failed", requested=REQUESTED, result=result("failed"))
    assert drawn(ASKED, given).text == "Error: Deploy failed for api in production, version 1.2.3"


def test_the_latest_deed_stands_last() -> None:
    """The history is in the order of time, whatever the order of the ledger's keys."""
    earlier = {**ACCEPTED, "at": "2026-11-24T07:30:00Z"}
    told = section_texts(drawn(RELEASE, card("release", "rolling_back", rollback=ROLLBACK, hook=earlier)))
    assert told.index("hook accepted") < told.index("requested by")


def test_what_followed_in_the_same_second_stands_after_its_cause() -> None:
    """The ledger's own times are in whole seconds; a person's are finer, and would seem later."""
    approval = {"by": {**BOB, "at": "2026-11-24T07:42:03.900000+00:00"}, "decision": "approved"}
    told = section_texts(drawn(ASKED, card("deploy", "approved", approval=approval, hook=ACCEPTED)))
    assert told.index("Approved by") < told.index("Deploy hook accepted")


@pytest.mark.parametrize("user", ["U1", "<!channel>", "u0alice001", "U0ALICE001> <!here"])
def test_who_is_no_slack_user_is_a_name(user: str) -> None:
    """Only what is exactly a Slack user ID becomes a mention; else the name is shown, inert."""
    given = card("alert", "acknowledged", acknowledged={"user": user, "name": "<!channel>"})
    assert section_texts(drawn(ALERT, given)) == "Acknowledged by &lt;!channel&gt;"


def test_a_card_of_nothing_yet_is_its_event() -> None:
    """The ledger has a card for each event; as long as nothing was done, the event tells all."""
    untouched = Card(EVENT_ID, 0, "alert", None, None, None, "open", {}, {})
    passed = event("ci.passed", PLACE)
    assert drawn(passed, untouched).blocks == drawn(passed, None).blocks


@pytest.mark.parametrize("state", [{"requested": 7, "hook": [], "result": "x"}, {"approval": {"by": "bob"}}])
def test_an_odd_state_is_left_out(state: dict[str, Any]) -> None:
    """What a newer version wrote into a card's state breaks no message."""
    message = drawn(ALERT, card("alert", "acknowledged", **state))
    assert (message.degraded, section_texts(message)) == (None, "")


def test_metadata_tells_the_version_that_is_shown() -> None:
    """By it a message in Slack can be compared with the ledger."""
    payload = drawn(ALERT, card("alert", "open")).to_update()["metadata"]["event_payload"]
    assert payload == {"delivery_id": DELIVERY_ID, "event_id": EVENT_ID, "card_version": 1}


def test_full_history_beside_a_long_event_leaves_the_buttons() -> None:
    """However much is told, the message holds, with what was done and what can be done."""
    quotes = dict.fromkeys(["title", "summary", "service", "environment", "version"], '"' * 4000)
    long = {"reason": '"' * 400, "name": '"' * 400, "release": '"' * 400, "text": '"' * 400, "user": '"' * 99}
    told: dict[str, Any] = dict.fromkeys(["acknowledged", "investigating", "requested", "rollback"], long)
    told["approval"] = {"by": long, "decision": "approved"}
    told["hook"] = {"status": "failed", **long}
    given = card("alert", "acknowledged", **told, result=result("failed", **long))
    happened = event("ci.failed", quotes | {"url": "https://e.example/" + "x" * 2900}, error_detail="\\" * 500)
    message = drawn(happened, given)
    assert problems(message.to_arguments()) == []
    assert list(buttons(message)) == ["investigate", "open"]


@pytest.mark.parametrize("by", [ALICE, BOB])
def test_a_request_that_ended_without_effect_warns_of_nothing(by: dict[str, Any]) -> None:
    """Whether the requester withdrew it or another person rejected it."""
    told = drawn(ASKED, card("deploy", "rejected", requested=REQUESTED, approval={"by": by, "decision": "rejected"}))
    fields = [it["text"] for block in told.blocks for it in block.get("fields", ())]
    assert [it for it in fields if it.startswith("*Severity*")] == ["*Severity*\nInfo"]
    assert told.text.startswith("Info: Deploy re")
