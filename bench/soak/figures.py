"""The figures of a soak: how much, how often repeated, how long it took. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from bench.soak.ledger import Ledger, Row
from bench.soak.people import Change, Deed
from bench.soak.verdict import Seen, roots
from pulser_cli.comparing import Report

# What a message says once such a deed is done.
WORDS = {
    "alert.acknowledged": "Acknowledged",
    "alert.investigating": "Investigating",
    "deploy.approved": "Approved",
    "deploy.rejected": "Rejected",
}


@dataclass(frozen=True, slots=True, order=True)
class Sample:
    """Something that began `at` (seconds since 1970) and took so many seconds."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Latencies:
    """One sample for each message that stands, each click that was acknowledged, each click that changed a message."""

    event_to_message: list[Sample]
    click_to_ack: list[Sample]
    click_to_change: list[Sample]
    failed_clicks: list[float] = field(default_factory=list)  # when each was made

    def to_json(self) -> dict[str, dict[str, float]]:
        """Count, percentiles and the worst of each."""
        return {
            "event_to_message_s": spread(self.event_to_message),
            "click_to_ack_s": spread(self.click_to_ack),
            "click_to_changed_message_s": spread(self.click_to_change),
        }


def spread(samples: Iterable[Sample]) -> dict[str, float]:
    """Count, p50, p95, p99 and the worst, in seconds; only the count where there are none."""
    times = sorted(sample.seconds for sample in samples)
    if not times:
        return {"count": 0}
    cuts = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    named = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "worst": times[-1]}
    return {"count": len(times)} | {name: round(value, 3) for name, value in named.items()}


def latencies(ledger: Ledger, seen: Seen, changes: Sequence[Change]) -> Latencies:
    """From the ledger's times, Slack's own, and the changes of messages that were watched."""
    inserted = {row["event_id"]: row["at"] for row in ledger.events}
    posts = [row for row in ledger.deliveries if row["kind"] == "post" and row["status"] == "sent"]
    to_message = [Sample(at := inserted[row["event_id"]], float(row["slack_ts"]) - at) for row in posts]
    to_ack = [
        Sample(one.at, one.acked_after)
        for one in seen.interactions
        if one.kind == "block_actions" and one.outcome == "acked" and one.acked_after is not None
    ]
    failed = [
        one.at for one in seen.interactions if one.kind == "block_actions" and one.outcome in ("timeout", "error")
    ]
    return Latencies(sorted(to_message), sorted(to_ack), sorted(_to_change(ledger, seen, posts, changes)), failed)


def _to_change(ledger: Ledger, seen: Seen, posts: Sequence[Row], changes: Sequence[Change]) -> Iterable[Sample]:
    """For each click that had its effect: when the message on which it was made said so."""
    clicks = {one.trigger_id: one for one in seen.interactions if one.kind == "block_actions"}
    by_envelope = {row["envelope_id"]: trigger for trigger, row in roots(ledger).items()}
    places = {(row["event_id"], row["slack_channel_id"]): row["slack_ts"] for row in posts}
    for row in ledger.changes:
        click = clicks.get(by_envelope.get(row["envelope_id"]))
        word = WORDS.get(row["event_type"])
        if click is None or word is None:
            continue
        ts = places.get((row["card_id"], click.channel_id))
        of_message = (it for it in changes if (it.channel_id, it.ts) == (click.channel_id, ts))
        told = (it.at for it in of_message if it.at >= click.at and word in it.text)
        if (at := next(told, None)) is not None:
            yield Sample(click.at, at - click.at)


def counts(ledger: Ledger, report: Report, seen: Seen, deeds: Sequence[Deed]) -> dict[str, int]:
    """How many there were of everything."""
    done = [deed for deed in deeds if deed.tries]
    roots_only = [row for row in ledger.envelopes if not row["is_duplicate"]]
    dispatched = Counter(row["status"] for row in ledger.events)
    return {
        "events": len(ledger.events),
        "events that no route wants": dispatched["unrouted"],
        "messages": report.matched + report.adopted,
        "messages adopted after a doubt": report.adopted,
        "messages given up": report.dead,
        "updates and hook calls": sum(row["kind"] in ("update", "hook") for row in ledger.deliveries),
        "briefings": sum(row["kind"] == "briefing" for row in ledger.deliveries),
        "envelopes": len(roots_only),
        "duplicates": len(ledger.envelopes) - len(roots_only),
        "envelopes too late to run": sum(str(row["last_error"]).startswith("expired") for row in roots_only),
        "acks": len(seen.acks),
        "deeds of people": len(done),
        "deeds that had to be repeated": sum(len(deed.tries) > 1 for deed in done),
        "tries": sum(len(deed.tries) for deed in done),
        "deeds that never worked": sum(deed.tries[-1].outcome != "acked" and not deed.needless for deed in done),
    }


def reasons(ledger: Ledger) -> Mapping[str, int]:
    """Why deliveries were given up."""
    return Counter(f"{row['kind']}: {row['reason']}" for row in ledger.deliveries if row["status"] == "dead")
