"""How a thing stands now, in a sentence."""

from __future__ import annotations

import pytest

from pulser.why import tell
from tests.unit.shared.why_facts import (
    DELIVERY,
    OTHER,
    Json,
    asked_envelope,
    at,
    delivery,
    dispatch,
    envelope,
    facts,
)

DOUBT = "It is in doubt (timeout): nobody knows whether it is in Slack."
NOW: dict[str, tuple[Json, str]] = {
    "pace": (delivery("queued", paced_until=at(601)), "It waits for the pace of #ops-ci until 12:10:01 UTC."),
    "due": (delivery("queued"), "It is due and waits for a dispatcher, which a sweep wakes within seconds."),
    "hold": (
        delivery("queued", hold={"method": "chat.postMessage", "reason": "ratelimited", "held_until": at(630)}),
        "It waits for Slack, which holds chat.postMessage back (ratelimited), until 12:10:30 UTC.",
    ),
    "token": (
        delivery("failed", hold={"method": "*", "reason": "token_revoked", "held_until": at(620)}, reason="x"),
        "It waits for Slack, which holds all of Slack back (token_revoked), until 12:10:20 UTC.",
    ),
    "hold that is over": (
        delivery("queued", hold={"method": "*", "reason": "x", "held_until": at(599)}),
        "It is due and waits for a dispatcher, which a sweep wakes within seconds.",
    ),
    "turn": (
        delivery("queued", head={"delivery_id": OTHER, "status": "in_doubt", "next_attempt_at": at(605)}),
        f"It waits for its turn in #ops-ci, behind {OTHER}, which is in doubt and looked for at 12:10:05 UTC.",
    ),
    "turn behind one that is sent": (
        delivery("queued", head={"delivery_id": OTHER, "status": "sending", "next_attempt_at": at(605)}),
        f"It waits for its turn in #ops-ci, behind {OTHER}, which is being sent.",
    ),
    "backoff": (
        delivery("failed", reason="not_connected", next_attempt_at=at(642)),
        "It waits for its next try after not_connected, until 12:10:42 UTC.",
    ),
    "briefing that waits for its message": (
        delivery("queued", thread_delivery_id=OTHER, thread={"delivery_id": OTHER, "status": "in_doubt"}),
        f"Its briefing: It waits for the message in whose thread it belongs, {OTHER}, which is in doubt.",
    ),
    "briefing that is due": (
        delivery("queued", thread_delivery_id=OTHER, thread={"delivery_id": OTHER, "status": "sent"}),
        "Its briefing: It is due and waits for a dispatcher, which a sweep wakes within seconds.",
    ),
    "briefing": (
        delivery("sent", thread_delivery_id=OTHER, sent_at=at(1)),
        "What is known stands in a thread of #ops-ci since 12:00:01 UTC (message C0000000001 1700000000.000100).",
    ),
    "reminder": (
        delivery("sent", thread_delivery_id=OTHER, thread_part="reminder", sent_at=at(1)),
        "A reminder stands in a thread of #ops-ci since 12:00:01 UTC (message C0000000001 1700000000.000100).",
    ),
    "doubt": (
        delivery("in_doubt", reason="timeout", next_attempt_at=at(610)),
        f"{DOUBT} The next look into Slack's history is at 12:10:10 UTC.",
    ),
    "probe": (
        delivery("in_doubt", reason="timeout", claimed_by="w", lease_until=at(610)),
        f"{DOUBT} w is looking into Slack's history.",
    ),
    "sending": (
        delivery("sending", claimed_by="w", lease_until=at(620)),
        "It is being sent by w, whose lease ends at 12:10:20 UTC.",
    ),
    "vanished": (
        delivery("sending", claimed_by="w", lease_until=at(590)),
        "w had it and has vanished: its lease ended at 12:09:50 UTC, and the next worker takes it over.",
    ),
    "dead": (
        delivery("dead", reason="is_archived", error="Slack answered is_archived"),
        f"It is dead because is_archived: Slack answered is_archived; `pulser ledger retry {DELIVERY}` tries it again.",
    ),
    "dead update": (
        delivery("dead", kind="update", target_delivery_id="p", reason="message_unknown"),
        "A change of the message is dead because message_unknown; the next change of its card is sent anyway.",
    ),
}


@pytest.mark.parametrize("name", NOW)
def test_how_a_delivery_stands_now(name: str) -> None:
    """What it waits for and until when, why it is dead and what one can do."""
    held, sentence = NOW[name]
    assert tell(facts(held)).now == sentence


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        (dispatch("pending"), "It waits to be routed since 12:00:00 UTC."),
        (
            dispatch("pending", claimed_by="w", lease_until=at(610)),
            "It is being routed by w, whose lease ends at 12:10:10 UTC.",
        ),
        (
            dispatch("unrecorded", recorded_at=None),
            "The ledger has not noted it yet; a sweep looks for such events each minute.",
        ),
        (
            dispatch("pruned", recorded_at=None),
            "It is older than what the ledger keeps, 90 days: nothing is known of what became of it.",
        ),
        (dispatch("routed"), "It was routed, and no message of its own came of it."),
    ],
)
def test_how_an_event_without_deliveries_stands_now(held: Json, sentence: str) -> None:
    """Not yet noted, not yet routed, or nothing came of it."""
    assert tell(facts(dispatch=held)).now == sentence


def test_of_many_deliveries_three_are_said() -> None:
    """And how many there are beyond."""
    many = [delivery(delivery_id=f"d{number}", channel=f"#c{number}") for number in range(5)]
    now = tell(facts(*many)).now
    assert now.count("It stands in #c") == 3
    assert now.endswith("there are 2 more.")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"status": "pending", "handler": "action-handler", "next_attempt_at": at(610)},
            "It waits for action-handler; left alone until 12:10:10 UTC, it is the sweep's.",
        ),
        (
            {"status": "processing", "claimed_by": "h", "lease_until": at(610)},
            "It is being carried out by h, whose lease ends at 12:10:10 UTC.",
        ),
        (
            {"status": "processing", "claimed_by": "h", "lease_until": at(1)},
            "Its handler has vanished: its lease ended at 12:00:01 UTC, and the next one takes it over.",
        ),
        (
            {"status": "failed", "last_error": "expired: it was recorded too late to be acknowledged"},
            "It failed at 12:00:00 UTC: expired: it was recorded too late to be acknowledged.",
        ),
    ],
)
def test_how_an_envelope_stands_now(changes: Json, sentence: str) -> None:
    """Whose it is, until when, or how it ended."""
    assert tell(asked_envelope(envelope(0, **changes))).now == sentence
