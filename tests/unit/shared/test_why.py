"""A story is told from its facts: who, what, when and why, in order."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser.why import Story, tell
from tests.unit.shared.why_facts import (
    CARD_ID,
    DELIVERY,
    EVENT,
    OTHER,
    Json,
    at,
    attempt,
    audit,
    card,
    delivery,
    dispatch,
    envelope,
    event,
    facts,
    hook,
    update,
)


def whats(story: Story) -> list[str]:
    return [it.what for it in story.moments]


def details(story: Story, what: str) -> str:
    """The detail of the one moment whose words begin so."""
    [found] = [it.detail or "" for it in story.moments if it.what.startswith(what)]
    return found


def test_the_story_of_a_message() -> None:
    """Written, noted, routed and why, posted, and where it stands."""
    story = tell(facts(delivery()))
    assert whats(story) == [
        "ci.failed was written",
        "The ledger noted it",
        "Route ci took it, to #ops-ci",
        "Posted to #ops-ci",
    ]
    assert details(story, "Route ci") == "type ci.failed matches ci.*"
    assert details(story, "Posted") == "message C0000000001 1700000000.000100; attempt 1, took 30 ms"
    assert story.now == "It stands in #ops-ci since 12:00:00 UTC (message C0000000001 1700000000.000100)."
    assert (story.about, story.left_out) == ("ci.failed api", ())


def test_a_delivery_of_before_says_that_its_reason_was_not_kept() -> None:
    """No reason is made up from the routes of today."""
    assert details(tell(facts(delivery(why=None))), "Route ci") == "the ledger did not keep why"


def test_an_event_that_was_noted_late_says_so() -> None:
    """A long transaction, or a note that the sweep made."""
    late = facts(delivery(), dispatch=dispatch("routed", recorded_at=at(70)))
    assert details(tell(late), "The ledger noted it").startswith("1 min 10 s after it was written")


def test_an_unrouted_event_tells_what_each_route_said() -> None:
    """As it was when it was routed."""
    said = [
        {"route": "ci", "channel": "#ops-ci", "used": False, "why": "type x is not ci.*"},
        {"route": "default", "channel": "#ops", "used": False, "why": "for severity error and above, not info"},
    ]
    story = tell(facts(dispatch=dispatch("unrouted", verdicts=said)))
    assert whats(story)[2:] == [
        "No route took it",
        "Route ci did not take it",
        "Route default did not take it",
    ]
    assert details(story, "Route ci") == "type x is not ci.*"
    assert story.now == "It went nowhere: no route took it."


def test_an_unrouted_event_of_before_says_that_nothing_was_kept() -> None:
    """The routes of today are not asked."""
    assert details(tell(facts(dispatch=dispatch("unrouted"))), "No route") == "the ledger did not keep what each said"


def test_an_event_that_tells_of_a_card_says_why_it_has_no_message() -> None:
    """The card stands in that channel, and changes there."""
    said = [
        {"route": "deploys", "channel": "#ops-deploy", "used": True, "why": "type deploy.completed matches deploy.*"},
        {"route": "all", "channel": "#all", "used": False, "why": "not tried: route deploys ended the search"},
    ]
    told = facts(dispatch=dispatch("routed", verdicts=said), tells_of=card() | {"kind": "deploy", "card_id": OTHER})
    story = tell(told)
    assert whats(story)[2:] == ["Route deploys took it, to #ops-deploy", f"It tells of the deploy {OTHER}"]
    assert "its card stands in #ops-deploy already" in details(story, "Route deploys")
    assert story.now == f"It has no message of its own: it tells of the deploy {OTHER}."


def waited(before: Json | None = None, **changes: Any) -> str:  # noqa: ANN401
    """What a delivery says that it waited for: 20 s after its attempt, or before the first one."""
    log = [before] if before else []
    sent = attempt(len(log) + 1, 20, 0.1, "sent")
    story = tell(facts(delivery("sent", *log, sent, **changes)))
    [found] = [it for it in story.moments if it.what.startswith("Waited")]
    assert found.what == "Waited 20 s"
    return found.detail or ""


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (attempt(1, 0, 0.1, "failed", "ratelimited"), "Slack's Retry-After: it had said ratelimited"),
        (attempt(1, 0, 0.1, "failed", "invalid_auth"), "Slack refused the token (invalid_auth)"),
        (attempt(1, 0, 0.1, "failed", "not_connected"), "backoff after not_connected"),
        (attempt(1, 0, 0.1, "failed"), "backoff after an error"),
        (attempt(1, 0, 0.1, "in_doubt", "timeout"), "in doubt: a late write may still land"),
        (attempt(1, 0, 0.1, "unknown", "probe_missing_scope"), "history could not be read (probe_missing_scope)"),
        (attempt(1, 0, 0.1, "absent", "probe_absent"), "its turn in #ops-ci, to be posted again"),
        (attempt(1, 0, 0.1, "lease_expired", "lease_expired"), "its worker had vanished"),
        (attempt(1, 0, 0.1, "dead", "channel_not_found"), "until somebody asked for another try"),
        (attempt(1, 0, 0.1, "a new word"), "the next worker"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["outcome"],
)
def test_a_wait_after_an_attempt_tells_for_what(before: Json, why: str) -> None:
    """Retry-After, the token, backoff, doubt, the probe, a dead worker, or a person."""
    assert why in waited(before)


def test_the_first_wait_is_for_the_channels_pace() -> None:
    """So many were ahead; Slack takes one a second."""
    assert waited(ahead=1) == "the pace of its channel: 1 message to #ops-ci was ahead of it; Slack takes one a second"
    assert "19 messages to #ops-ci were ahead of it" in waited(ahead=19)


def stop(seconds: float, outcome: str, reason: str, **changes: Any) -> Json:  # noqa: ANN401
    """What a neighbour in the outbox met."""
    told = {"at": at(seconds), "purpose": "post", "outcome": outcome, "reason": reason, "channel": "#ops-ci"}
    return {**told, "ahead": True, "done_at": at(20), **changes}


def test_a_doubt_ahead_in_the_channel_is_told() -> None:
    """The order is kept, so a message in doubt holds up those behind it."""
    assert "one of which was in doubt (timeout)" in waited(ahead=2, stopped=[stop(1, "in_doubt", "timeout")])
    before = stop(-9, "in_doubt", "timeout")
    assert "one of which was in doubt (timeout)" in waited(ahead=2, stopped=[before])
    assert "one of which failed (http_503)" in waited(ahead=2, stopped=[stop(1, "failed", "http_503")])


@pytest.mark.parametrize(
    "other",
    [
        stop(1, "in_doubt", "timeout", channel="#b"),
        stop(30, "in_doubt", "timeout"),
        stop(-9, "in_doubt", "timeout", done_at=at(-1)),
        stop(1, "in_doubt", "timeout", ahead=False),
    ],
    ids=["another channel", "later", "over before", "behind"],
)
def test_another_ones_doubt_is_not_told(other: Json) -> None:
    """In another channel, afterwards, over before this one came, or behind it: it held up nobody here."""
    assert "doubt" not in waited(ahead=2, stopped=[other])


def test_the_first_wait_is_for_a_hold_that_a_neighbour_met() -> None:
    """Slack's Retry-After holds for all channels, a refused token for everything."""
    held = stop(-5, "failed", "ratelimited", channel="#b")
    assert waited(stopped=[held]).startswith("Slack's hold: it had said ratelimited to another post")
    refused = stop(3, "failed", "token_revoked", purpose="update")
    assert "token_revoked" in waited(stopped=[refused])


@pytest.mark.parametrize(
    "other",
    [
        stop(-100, "failed", "ratelimited"),
        stop(30, "failed", "ratelimited"),
        stop(1, "failed", "ratelimited", purpose="update"),
        stop(1, "failed", "not_connected", channel="#b"),
    ],
    ids=["long ago", "later", "of another method", "a failure of its own"],
)
def test_what_held_nobody_else_is_no_hold(other: Json) -> None:
    """Then it was a dispatcher that was waited for."""
    assert waited(stopped=[other]) == "the next dispatcher to wake up"


def test_a_moment_is_no_wait() -> None:
    """What took less than a second is not told."""
    assert not [it for it in whats(tell(facts(delivery()))) if it.startswith("Waited")]


def test_a_doubt_that_was_resolved() -> None:
    """The attempt, the wait, the look, and that nothing was posted twice."""
    log = [
        attempt(1, 0.1, 0.1, "in_doubt", "connection_lost"),
        attempt(2, 10.2, 0.1, "adopted", purpose="probe"),
    ]
    story = tell(facts(delivery("sent", *log, adopted=True)))
    assert whats(story)[3:] == [
        "The post is in doubt: connection_lost",
        "Waited 10 s",
        "Found in Slack's history: adopted, not posted again",
    ]
    assert "where it was found" in story.now


def test_a_worker_that_vanished() -> None:
    """When it began, when its lease ran out, what that means."""
    log = [attempt(1, 0.1, 20, "lease_expired", "lease_expired"), attempt(2, 21, 0.1, "absent", purpose="probe")]
    story = tell(facts(delivery("queued", *log)))
    assert whats(story)[3:6] == [
        "Attempt 1 began: a post",
        "The lease of attempt 1 ran out",
        "Not in Slack's history: it is posted again",
    ]
    assert (
        details(story, "The lease")
        == "worker-1 had vanished while it posted: whether the message is in Slack is in doubt"
    )


def test_attempts_that_are_left_out_are_counted_where_they_were() -> None:
    """Between the first and the last ones."""
    log = [attempt(1, 1, 0.1, "failed", "x"), attempt(41, 500, 0.1, "failed", "x")]
    story = tell(facts(delivery("failed", *log, next_attempt_at=at(700), reason="x")))
    assert whats(story)[3:] == [
        "The post failed: x",
        "39 more attempts not told here",
        "The post failed: x",
    ]


def test_what_a_person_asked_for_again() -> None:
    """A dead delivery that is queued once more."""
    story = tell(facts(delivery("queued", attempt(1, 1, 0.1, "dead", "channel_not_found"))))
    assert whats(story)[-1] == "Somebody asked for another try"


def test_a_first_click_counts_and_a_late_one_is_told() -> None:
    """Who, when, and what came of it."""
    late = audit(5, outcome="late", reason="acknowledged", slack_user="U2", slack_user_name="bob")
    clicks = [
        envelope(2, "button acknowledge", audit(2, "alert.acknowledged")),
        envelope(5, "button acknowledge", late, user_id="U2", user_name="bob", reply_status="sent"),
    ]
    story = tell(
        facts(delivery(), update(2.05), clicks=clicks, clicks_total=2, card=card(acknowledged={"name": "ada"}))
    )
    assert whats(story)[4:] == [
        "Pressed acknowledge",
        "It counted: acknowledged",
        "A change of its message in #ops-ci was queued",
        "The message was changed in place",
        "Pressed acknowledge",
        "It came late and changed nothing: acknowledged already",
        "The private answer was sent",
    ]
    assert [it.who.name for it in story.moments if it.who] == ["ci", "ada", "ada", "bob", "bob"]
    assert "acknowledged by ada" in story.now


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"outcome": "refused", "reason": "not_permitted"}, "It was refused: not_permitted"),
        ({"outcome": "refused"}, "It was refused: the answer said why"),
        ({"outcome": "expired", "reason": "x"}, "It expired: nothing was done"),
        ({"outcome": "gave_up", "reason": "its handlers vanished"}, "It was given up: its handlers vanished"),
        ({"outcome": "ignored"}, "There was nothing to do"),
        ({}, "Recorded as slack.action"),
        ({"outcome": {"a": 1}}, "Recorded as slack.action"),
    ],
)
def test_what_came_of_a_click(told: Json, words: str) -> None:
    """As the audit says it."""
    story = tell(facts(delivery(), clicks=[envelope(2, "button approve", audit(2, **told))]))
    assert words in whats(story)


def test_duplicates_are_told_and_counted() -> None:
    """Those under another id with their time, all others as a number."""
    twin = {"envelope_id": "e-again", "received_at": at(3), "transport": "socket"}
    story = tell(facts(delivery(), clicks=[envelope(2, twins=[twin], duplicates=3)]))
    assert "Slack sent it again as e-again" in whats(story)
    assert "Slack sent 2 more duplicates, under the same id or not told here" in whats(story)


def test_a_deed_is_told_once() -> None:
    """Its audit event tells of the card and belongs to a click, too."""
    deed = audit(2, "alert.acknowledged")
    story = tell(facts(delivery(), clicks=[envelope(2, "button acknowledge", deed)], told_by=[deed], told_by_total=1))
    assert whats(story).count("It counted: acknowledged") == 1


def test_deeds_outlive_their_envelopes() -> None:
    """After 30 days the event tells it; where there is none, the card."""
    deed = audit(2, "alert.acknowledged")
    by_event = tell(facts(delivery(), told_by=[deed], told_by_total=1, card=card()))
    assert "It counted: acknowledged" in whats(by_event)
    state: Json = {
        "acknowledged": {"user": "U1", "name": "ada", "at": at(2)},
        "expired": {"was": "requested", "at": at(90)},
    }
    by_card = tell(facts(delivery(), card=card(**state)))
    assert whats(by_card)[4:] == ["Its card says: acknowledged", "It expired, requested as it was"]
    approval: Json = {"approval": {"by": {"user": "U1", "at": at(3)}, "decision": "rejected"}}
    assert "Its card says: rejected" in whats(tell(facts(delivery(), card=card(**approval))))


def test_a_hook_and_what_it_answered() -> None:
    """The card keeps the answer; of the last call only."""
    answered = {"hook": {"status": "accepted", "action": "deploy", "text": "queued", "url": "https://ci.example/1"}}
    called = attempt(1, 5, 0.2, "sent", purpose="hook")
    story = tell(facts(delivery(), hook("sent", called, created_at=at(4.9)), card=card("approved", **answered)))
    assert whats(story)[4:] == ["The call of the deploy hook of api was queued", "The hook took the call"]
    assert details(story, "The hook").startswith("queued, https://ci.example/1; attempt 1")


def test_a_hook_that_is_dead_says_how_to_go_on() -> None:
    """It is not retried from the ledger."""
    failed = attempt(1, 5, 0.2, "dead", "http_404", purpose="hook")
    story = tell(facts(hook("dead", failed, reason="http_404", error="not there")))
    assert (
        story.now == "The call of the hook is dead because http_404: not there; a deploy is asked for again in Slack."
    )


def test_a_deploy_is_told_from_the_form_that_asked_for_it() -> None:
    """The cause stands before its record."""
    cause = envelope(-0.05, "modal deploy", audit(0, "deploy.requested"))
    story = tell(facts(delivery(), event=event("deploy.requested"), cause=cause))
    assert whats(story)[:2] == ["Submitted the form deploy", "deploy.requested was written"]


def test_news_of_a_deploy_are_told() -> None:
    """By who wrote them."""
    news = event("deploy.completed", event_id=OTHER, created_at=at(60), actor="github")
    story = tell(facts(delivery(), told_by=[news], told_by_total=1))
    [found] = [it for it in story.moments if it.what == "deploy.completed told of it"]
    assert found.who is not None
    assert found.who.name == "github"


def test_of_a_delivery_only_its_own_message_is_told() -> None:
    """What went to other channels is counted."""
    other = delivery(delivery_id=OTHER, channel="#other", route="all")
    theirs = update(3, delivery_id="u2", target_delivery_id=OTHER)
    own = update(2, delivery_id="u1")
    told = facts(delivery(), other, own, theirs, delivery=delivery())
    story = tell(told)
    assert [it for it in whats(story) if it.startswith("Route")] == ["Route ci took it, to #ops-ci"]
    assert whats(story).count("The message was changed in place") == 1
    assert story.left_out == ("2 other deliveries of the event",)
    assert [it for it in whats(tell({**told, "delivery": theirs})) if it.startswith("Route")] == [
        "Route all took it, to #other"
    ]


def test_a_delivery_beyond_the_bounds_is_told_when_it_is_asked_about() -> None:
    """why_v1 gives the first deliveries of an event, and that one."""
    late = update(90, version=41, delivery_id="u41")
    story = tell(facts(delivery(), delivery=late, deliveries_total=42))
    assert details(story, "The message was changed").startswith("to version 41 of its card")
    assert story.left_out == ("40 other deliveries of the event",)


def test_what_is_not_told_is_counted() -> None:
    """Deliveries, clicks and events beyond the bounds of why_v1."""
    story = tell(facts(delivery(), deliveries_total=41, clicks_total=7, told_by_total=1))
    assert story.left_out == (
        "40 other deliveries of the event",
        "7 more clicks on its card",
        "1 more event on its card",
    )


def test_an_event_that_is_gone_still_has_its_story() -> None:
    """Its row was deleted by somebody; the outbox knows."""
    story = tell(facts(delivery(), event={"event_id": EVENT, "payload": {}}))
    assert story.about == "An event that is not there any more"
    assert whats(story)[0] == "The ledger noted it"


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


def asked_envelope(told: Json, **changes: Any) -> Json:  # noqa: ANN401
    return {"now": at(600), "envelope": told, "card": None, "deliveries": [], **changes}


def test_the_story_of_an_envelope() -> None:
    """Received, recorded before the ack, what the audit says, the card that it met, what came of it."""
    told = envelope(0, "button acknowledge", audit(0, "alert.acknowledged"), recorded_by="socket-relay@h")
    story = tell(asked_envelope(told, card=card(), deliveries=[update(0.05)]))
    assert whats(story) == [
        "Pressed acknowledge",
        "Recorded in the ledger",
        "It counted: acknowledged",
        "Settled",
        f"It met the alert {CARD_ID}",
        "A change of its message in #ops-ci was queued",
        "The message was changed in place",
    ]
    assert details(story, "Recorded") == "by socket-relay@h; before it was acknowledged"
    assert story.now == "It was done at 12:00:00 UTC. 1 delivery came of it. The alert that it met is acknowledged now."
    assert story.ids == {"envelope_id": "e-0", "team_id": "T1", "card_id": CARD_ID}


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


def test_an_expired_envelope_says_that_it_was_not_acknowledged() -> None:
    """Slack has shown its user a failure."""
    told = envelope(0, status="failed", last_error="expired: it was recorded too late to be acknowledged")
    assert "too late to be acknowledged" in details(tell(asked_envelope(told)), "Recorded")


def command(word: str | None, typed: str) -> Json:
    """Typed by ada after /pulser."""
    told = audit(0, "slack.command", outcome="answered", word=word, text=typed)
    return envelope(0, f"/pulser {typed.split(maxsplit=1)[0]}", told, type="slash_commands")


@pytest.mark.parametrize(("reader", "knows"), [(None, True), ("U1", True), ("U2", False), ("", False)])
def test_a_private_commands_text_is_told_to_who_typed_it(reader: str | None, knows: bool) -> None:  # noqa: FBT001
    """And to who has the ledger itself; to others which command it was."""
    story = tell(asked_envelope(command("status", "status SENTINEL")), reader)
    assert ("SENTINEL" in json.dumps(story.to_json())) is knows
    assert story.about == "Typed /pulser status"


def test_a_word_that_is_no_command_is_not_told_to_others() -> None:
    """What somebody typed by mistake may be anything."""
    told = command(None, "SENTINEL")
    assert "SENTINEL" not in json.dumps(tell(asked_envelope(told), "U2").to_json())
    assert tell(asked_envelope(told), "U1").about == "Typed /pulser SENTINEL"


HOSTILE = (
    "<!channel> <https://evil.example|ok> \x1b[2J\x07 xoxb-1234567890-SENTINEL \u202egnp.exe "
    "https://hooks.slack.com/actions/T1/SENTINEL שלום עולם 版本 🚨\n\nfake: line"
)


def test_no_secret_is_told_and_each_text_is_one_line() -> None:
    """Whatever stands in names, reasons and errors."""
    log = attempt(1, 1, 0.1, "failed", HOSTILE, worker=HOSTILE, error=HOSTILE)
    held = delivery("failed", log, route=HOSTILE, why=HOSTILE, channel=HOSTILE, reason=HOSTILE, error=HOSTILE)
    clicks = [envelope(2, HOSTILE, audit(2, HOSTILE, outcome=HOSTILE, reason=HOSTILE), user_name=HOSTILE)]
    told = facts(held, event=event(HOSTILE, actor=HOSTILE, payload={"title": HOSTILE}), clicks=clicks)
    story = tell(told)
    assert "SENTINEL" not in json.dumps(story.to_json())
    texts = [story.about, story.now, *(text for it in story.moments for text in (it.what, it.detail or ""))]
    assert all(not set("\n\r\t\x1b\x07\u202e") & set(text) for text in texts)
    assert all(len(it.what) <= 200 and len(it.detail or "") <= 400 for it in story.moments)
    assert any("版本" in text and "שלום" in text for text in texts)


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=8)
ODD = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=4), SCALARS, max_size=2)
WHOLE: list[Callable[[], Json]] = [
    lambda: facts(
        delivery("sent", attempt(1, 1, 1, "failed", "x"), attempt(2, 5, 1, "sent")),
        update(3),
        hook("dead"),
        card=card(acknowledged={"user": "U1", "at": at(3)}, hook={"status": "failed"}),
        tells_of=card(),
        clicks=[envelope(2, "button acknowledge", audit(2))],
        told_by=[audit(4, "alert.investigating")],
        cause=envelope(0),
        dispatch=dispatch("routed", verdicts=[{"route": "a", "used": True}]),
    ),
    lambda: asked_envelope(envelope(0, "button x", audit(0)), card=card(), deliveries=[update(1)]),
]


def places(value: Any, *path: str | int) -> list[tuple[str | int, ...]]:  # noqa: ANN401
    """Where something stands in a JSON value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [deeper for key, it in parts for deeper in [(*path, key), *places(it, *path, key)]]


def put(value: Any, path: tuple[str | int, ...], odd: object) -> None:  # noqa: ANN401
    """Something else in this place, as far as the way there has not been broken."""
    with suppress(KeyError, IndexError, TypeError):
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = odd


BREAKS = st.sampled_from(WHOLE).flatmap(
    lambda made: st.tuples(st.just(made), st.lists(st.tuples(st.sampled_from(places(made())), ODD), max_size=5))
)


@given(BREAKS, st.none() | st.text(max_size=3))
def test_whatever_the_facts_hold_there_is_a_story(breaks: Any, reader: str | None) -> None:  # noqa: ANN401
    """Parts that are missing or odd cost their own words, not the story; the moments stay in order."""
    made, changes = breaks
    odd = made()
    for path, value in changes:
        put(odd, path, value)
    story = tell(odd, reader)
    times = [it.at for it in story.moments if it.at]
    assert times == sorted(times)
    assert story.now
    json.dumps(story.to_json())
