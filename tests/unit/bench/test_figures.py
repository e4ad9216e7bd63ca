"""The figures of a soak: times from the ledger, from Slack, and from the changes that were watched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.soak.figures import Sample, counts, latencies, reasons, spread
from bench.soak.ledger import Ledger
from bench.soak.people import Change, Deed
from bench.soak.verdict import Seen
from pulser_cli.comparing import Report
from tests.unit.bench import rows

LEDGER = Ledger([rows.event()], [rows.delivery()], [rows.envelope()], [rows.change()], [rows.card()])


def changes(*told: tuple[float, str]) -> list[Change]:
    return [Change(at, "C1", "103.500000", text) for at, text in told]


def test_nothing_has_no_percentiles() -> None:
    """Only its count."""
    assert spread([]) == {"count": 0}


def test_one_sample_is_all_its_percentiles() -> None:
    """There is nothing between."""
    assert spread([Sample(0, 1.5)]) == {"count": 1, "p50": 1.5, "p95": 1.5, "p99": 1.5, "worst": 1.5}


@given(st.lists(st.floats(0, 1e4), min_size=1))
def test_percentiles_rise_to_the_worst(times: list[float]) -> None:
    """And the worst is the longest."""
    told = spread(Sample(0, seconds) for seconds in times)
    assert told["p50"] <= told["p95"] <= told["p99"] <= told["worst"] == round(max(times), 3)


def test_an_event_took_until_slack_had_its_message() -> None:
    """From the insert to the message's own time."""
    (sample,) = latencies(LEDGER, Seen(), []).event_to_message
    assert sample == Sample(100.0, 3.5)


def test_a_message_that_was_given_up_took_no_time() -> None:
    """There is none."""
    ledger = Ledger([rows.event()], [rows.delivery(status="dead", slack_ts=None)])
    assert latencies(ledger, Seen(), []).event_to_message == []


def test_only_clicks_that_slack_saw_acknowledged_have_a_time() -> None:
    """The others are counted, with when they were made."""
    failed = rows.click(id="i2", at=120.0, outcome="timeout", acked_after=None)
    times = latencies(LEDGER, Seen([rows.click(), failed]), [])
    assert (times.click_to_ack, times.failed_clicks) == ([Sample(109.8, 0.25)], [120.0])


def test_a_click_took_until_its_message_said_so() -> None:
    """The first change after the click that has the word, whatever changed before it."""
    told = changes((109.0, "Acknowledged"), (110.0, "still open"), (111.8, "Acknowledged"), (120.0, "Acknowledged"))
    (sample,) = latencies(LEDGER, Seen([rows.click()]), told).click_to_change
    assert (sample.at, round(sample.seconds, 6)) == (109.8, 2.0)


def test_a_change_of_another_message_is_not_taken_for_it() -> None:
    """Channel and ts must be those of the clicked message."""
    told = [Change(111.0, "C2", "103.500000", "Acknowledged"), Change(111.0, "C1", "104.000000", "Acknowledged")]
    assert latencies(LEDGER, Seen([rows.click()]), told).click_to_change == []


def test_a_deed_that_was_done_again_is_counted_once() -> None:
    """And so is each of its tries."""
    failed, worked = rows.click(outcome="error", acked_after=None), rows.click()
    deeds = [Deed([failed, worked]), Deed([worked]), Deed([failed]), Deed([failed], needless=True), Deed(needless=True)]
    told = counts(LEDGER, Report(matched=1), Seen(), deeds)
    wanted = {"deeds of people": 4, "deeds that had to be repeated": 1, "tries": 5, "deeds that never worked": 1}
    assert {name: told[name] for name in wanted} == wanted


def test_a_duplicate_is_no_envelope_of_its_own() -> None:
    """It points to the row that runs."""
    ledger = Ledger(envelopes=[rows.envelope(), rows.envelope(envelope_id="n2", is_duplicate=True)])
    told = counts(ledger, Report(), Seen(), [])
    assert (told["envelopes"], told["duplicates"]) == (1, 1)


def test_what_was_given_up_says_why() -> None:
    """By kind and reason."""
    dead = rows.delivery(status="dead", reason="is_archived")
    assert reasons(Ledger(deliveries=[rows.delivery(), dead, dead])) == {"post: is_archived": 2}
