"""judge: what is lost, double or wrong is found, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from bench.soak.ledger import Ledger
from bench.soak.verdict import Seen, Verdict, judge
from pulser_cli.comparing import Finding, Place, Report, Unread
from tests.unit.bench import rows

RIGHT = Report(posts=1, matched=1)
DIFFERENT = [Finding("d1", (Place("C1", "1.0"),), "#ops", "ci.failed", "sent")]


def ledger(**other: Any) -> Ledger:  # noqa: ANN401  # any part
    """One event, its message, and one click on it; all is well."""
    told: dict[str, Any] = {
        "events": [rows.event()],
        "deliveries": [rows.delivery()],
        "envelopes": [rows.envelope()],
        "changes": [rows.change()],
        "cards": [rows.card()],
    }
    return Ledger(**(told | other))


def seen(**other: Any) -> Seen:  # noqa: ANN401  # any part
    told: dict[str, Any] = {"interactions": [rows.click()], "acks": [rows.ack()]}
    return Seen(**(told | other))


def found(verdict: Verdict) -> dict[str, list[str]]:
    """What was found, by kind."""
    told = {kind: [one.what for one in getattr(verdict, kind)] for kind in ("lost", "double", "wrong")}
    return {kind: what for kind, what in told.items() if what}


def test_where_all_is_well_nothing_is_found() -> None:
    """One event, one message, one click with its ack, record, effect and audit."""
    verdict = judge(ledger(), RIGHT, seen())
    assert (found(verdict), verdict.is_right) == ({}, True)


@pytest.mark.parametrize("status", [None, "pending"])
def test_an_event_that_nobody_took_is_lost(status: str | None) -> None:
    """The trigger and the sweep both missed it, or nobody routed it."""
    assert found(judge(ledger(events=[rows.event(status=status)]), RIGHT, seen())) == {"lost": ["event was not seen"]}


def test_an_event_that_no_route_wants_is_not_lost() -> None:
    """That is a reason."""
    assert judge(ledger(events=[rows.event(status="unrouted", posts=0)]), RIGHT, seen()).is_right


def test_an_event_that_a_card_tells_of_is_not_lost() -> None:
    """The result of a deploy changes the deploy's message."""
    assert judge(ledger(events=[rows.event(posts=0, on_card=True)]), RIGHT, seen()).is_right


def test_a_routed_event_without_a_message_is_lost() -> None:
    """It is neither in the outbox nor on a card."""
    verdict = judge(ledger(events=[rows.event(posts=0)]), RIGHT, seen())
    assert found(verdict) == {"lost": ["event without a message or a reason"]}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("missing", {"lost": ["not in Slack"]}),
        ("double", {"double": ["several messages of one delivery"]}),
        ("foreign", {"wrong": ["unknown to the ledger"]}),
        ("unrecorded", {"wrong": ["in Slack, and not sent"]}),
    ],
)
def test_what_the_comparison_finds_is_found(kind: str, told: dict[str, list[str]]) -> None:
    """Each of its kinds has its place."""
    different: dict[str, Any] = {kind: DIFFERENT}
    assert found(judge(ledger(), Report(**different), seen())) == told


def test_a_channel_that_could_not_be_read_proves_nothing() -> None:
    """So it is wrong."""
    verdict = judge(ledger(), Report(unread=[Unread("#ops", "channel_not_found")]), seen())
    assert found(verdict) == {"wrong": ["channel could not be read"]}


@pytest.mark.parametrize("status", ["pending", "processing", "failed"])
def test_a_click_that_was_acknowledged_and_did_not_run_is_lost(status: str) -> None:
    """Whatever the ledger says of it: Slack told its user that it worked."""
    row = rows.envelope(status=status, last_error="expired: too late")
    assert "acknowledged, and not run" in found(judge(ledger(envelopes=[row]), RIGHT, seen()))["lost"]


def test_an_acknowledged_click_without_a_row_is_lost_and_its_ack_wrong() -> None:
    """No ack without a record."""
    verdict = judge(ledger(envelopes=[]), RIGHT, seen())
    assert found(verdict) == {"lost": ["acknowledged, and not run"], "wrong": ["ack without a record before it"]}


def test_the_twin_of_an_acknowledged_click_may_have_run() -> None:
    """It came under two envelope ids, and the first row is what runs: they have the trigger in common."""
    first = rows.envelope(envelope_id="other", settled_events=["a1"], audits=["a1"])
    twin = rows.envelope(id=2, is_duplicate=True, settled_events=[], audits=[])
    assert judge(ledger(envelopes=[first, twin]), RIGHT, seen()).is_right


def test_a_click_that_slack_called_failed_need_not_have_run() -> None:
    """Its user was told, and does it again."""
    failed = rows.click(outcome="timeout", acked_after=None)
    row = rows.envelope(status="failed", last_error="expired: it was recorded too late to be acknowledged")
    assert judge(ledger(envelopes=[row]), RIGHT, seen(interactions=[failed], acks=[])).is_right


def test_an_ack_before_its_record_is_wrong() -> None:
    """By the clocks of Slack and the database, which are one here."""
    verdict = judge(ledger(), RIGHT, seen(acks=[rows.ack(at=109.99)]))
    assert found(verdict) == {"wrong": ["ack without a record before it"]}


@pytest.mark.parametrize("problem", ["late", "not_json", "unknown_envelope", "no_envelope_id", "binary"])
def test_an_ack_that_slack_makes_nothing_of_is_wrong(problem: str) -> None:
    """Late ones too: the user has seen a failure of what then runs."""
    verdict = judge(ledger(), RIGHT, seen(acks=[rows.ack(problem=problem)]))
    assert found(verdict) == {"wrong": [f"ack is wrong: {problem}"]}


@pytest.mark.parametrize("problem", ["other_socket", "twice"])
def test_an_ack_on_another_socket_and_a_second_one_are_well(problem: str) -> None:
    """Both happen where connections change and envelopes come twice."""
    assert judge(ledger(), RIGHT, seen(acks=[rows.ack(problem=problem)])).is_right


def test_a_second_audit_event_of_an_envelope_is_double() -> None:
    """Its settling wrote one."""
    verdict = judge(ledger(envelopes=[rows.envelope(audits=["a1", "a2"])]), RIGHT, seen())
    assert found(verdict) == {"double": ["envelope with a second effect"]}


def test_an_audit_event_of_a_duplicate_is_double() -> None:
    """Only the first row runs."""
    twin = rows.envelope(id=2, envelope_id="n2", is_duplicate=True, settled_events=[], audits=["a2"])
    verdict = judge(ledger(envelopes=[rows.envelope(), twin]), RIGHT, seen())
    assert found(verdict) == {"double": ["envelope with a second effect"]}


def test_one_deed_that_ran_under_two_envelope_ids_is_double() -> None:
    """Its twin was taken for another deed."""
    twin = rows.envelope(id=2, envelope_id="n2", settled_events=["a2"], audits=["a2"])
    verdict = judge(ledger(envelopes=[rows.envelope(), twin]), RIGHT, seen())
    assert found(verdict) == {"double": ["one deed ran more than once"]}


def test_a_card_that_two_clicks_acknowledged_is_double() -> None:
    """The first click wins."""
    verdict = judge(ledger(changes=[rows.change(), rows.change(envelope_id="n2")]), RIGHT, seen())
    assert found(verdict) == {"double": ["card changed more than once"]}


def test_a_deploy_that_was_carried_out_under_two_keys_is_double() -> None:
    """The webhook-id is what a deployer knows a repetition by."""
    verdict = judge(ledger(), RIGHT, seen(hooks={("c1", "deploy"): {"k1", "k2"}}))
    assert found(verdict) == {"double": ["deployed more than once"]}


def test_a_private_note_that_stands_twice_is_double() -> None:
    """The same words for one deed."""
    note = {"text": "somebody else did", "blocks": []}
    verdict = judge(ledger(), RIGHT, seen(interactions=[rows.click(ephemerals=[note, dict(note)])]))
    assert found(verdict) == {"double": ["private note given twice"]}


def test_two_different_notes_of_one_deed_are_well() -> None:
    """First that it is recorded, then the answer."""
    notes = [{"text": "recorded"}, {"text": "the answer"}]
    assert judge(ledger(), RIGHT, seen(interactions=[rows.click(ephemerals=notes)])).is_right


@pytest.mark.parametrize("decision", ["approved", "not_needed"])
def test_a_deploy_whose_hook_was_never_queued_is_lost(decision: str) -> None:
    """It was decided, and nothing happens."""
    deploy = rows.card(card_id="c1", kind="deploy", phase="approved", decision=decision)
    assert found(judge(ledger(cards=[deploy]), RIGHT, seen())) == {"lost": ["deploy without a call of its hook"]}


def test_a_hook_call_that_was_sent_and_that_nobody_took_is_lost() -> None:
    """The ledger says sent; the deployer knows nothing."""
    call = rows.delivery(delivery_id="h1", kind="hook", card_id="c1", action="deploy")
    assert found(judge(ledger(deliveries=[rows.delivery(), call]), RIGHT, seen())) == {
        "lost": ["hook call that nobody took"]
    }


@pytest.mark.parametrize("name", ["events", "deliveries", "envelopes"])
def test_what_is_still_claimed_is_wrong(name: str) -> None:
    """Nothing is claimed for ever."""
    made = {"events": rows.event, "deliveries": rows.delivery, "envelopes": rows.envelope}[name](claimed=True)
    assert found(judge(ledger(**{name: [made]}), RIGHT, seen())) == {"wrong": ["still claimed"]}


def test_what_is_not_settled_in_time_is_wrong() -> None:
    """And is told as it was read."""
    verdict = judge(ledger(), RIGHT, seen(), '{"notes due": 1}')
    assert [(one.what, one.which) for one in verdict.wrong] == [("not settled in time", '{"notes due": 1}')]


def test_an_envelope_without_an_audit_event_is_wrong() -> None:
    """Each has one that names it."""
    verdict = judge(ledger(envelopes=[rows.envelope(audits=[], settled_events=[])]), RIGHT, seen())
    assert found(verdict) == {"wrong": ["envelope without an audit event"]}


def test_an_envelope_that_was_given_up_is_wrong() -> None:
    """No fault of a soak lasts so long."""
    row = rows.envelope(status="failed", last_error="gave_up: the database refused it")
    verdict = judge(ledger(envelopes=[row]), RIGHT, seen(interactions=[]))
    assert found(verdict) == {"wrong": ["envelope failed"]}


def test_a_message_that_does_not_show_its_cards_newest_state_is_wrong() -> None:
    """Its last update was never made."""
    verdict = judge(ledger(cards=[rows.card(version=2)]), RIGHT, seen())
    assert found(verdict) == {"wrong": ["message is out of date"]}


def test_a_message_that_was_updated_shows_the_newest_state() -> None:
    """The newest of its updates counts, in whatever order they were sent."""
    updates = [
        rows.delivery(delivery_id=f"u{version}", kind="update", target_delivery_id="d1", card_version=version)
        for version in (2, 1)
    ]
    assert judge(ledger(deliveries=[rows.delivery(), *updates], cards=[rows.card(version=2)]), RIGHT, seen()).is_right


def test_an_update_that_was_given_up_is_a_stated_reason() -> None:
    """Slack refused it, and the ledger says why."""
    update = rows.delivery(
        delivery_id="u1", kind="update", target_delivery_id="d1", status="dead", reason="is_inactive"
    )
    assert judge(ledger(deliveries=[rows.delivery(), update], cards=[rows.card(version=1)]), RIGHT, seen()).is_right
