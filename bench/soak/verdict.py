"""What is lost, double or wrong after the soak. Pure: what was read is given, findings come out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.soak.ledger import Ledger, Row
from pulser_cli.comparing import Finding as Difference
from pulser_cli.comparing import Report
from pulser_local.slack.interactions.story import Interaction
from pulser_local.slack.socket_mode.ledger import Ack

# Of these acks Slack makes something; `late` ones it does not, though it was told that all is well.
GOOD = frozenset({None, "other_socket", "twice"})
# An envelope that failed for one of these was answered so: it came too late, was not meant for us, or is no envelope.
STATED = ("expired", "refused")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    what: str
    which: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What Slack and the deployer saw: people's deeds, the app's acks, and which webhooks were carried out for what."""

    interactions: Sequence[Interaction] = ()
    acks: Sequence[Ack] = ()
    hooks: Mapping[tuple[str, str], set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings."""

    lost: list[Finding]
    double: list[Finding]
    wrong: list[Finding]

    @property
    def is_right(self) -> bool:
        """Whether there are none."""
        return not (self.lost or self.double or self.wrong)

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def judge(ledger: Ledger, report: Report, seen: Seen, still_open: str = "{}") -> Verdict:
    """Compare what the ledger says, what Slack shows (`report`), and what people were told."""
    return Verdict(
        lost=[
            *_lost_events(ledger),
            *_named("not in Slack", report.missing),
            *_not_run(ledger, seen),
            *_hooks(ledger, seen),
        ],
        double=[
            *_named("several messages of one delivery", report.double),
            *_double_runs(ledger),
            *_double_audits(ledger),
            *_double_changes(ledger),
            *_double_hooks(seen),
            *_double_notes(seen),
        ],
        wrong=[
            *([] if still_open == "{}" else [Finding("not settled in time", still_open)]),
            *_named("unknown to the ledger", report.foreign),
            *_named("in Slack, and not sent", report.unrecorded),
            *(Finding("channel could not be read", f"{it.channel}: {it.reason}") for it in report.unread),
            *_acks(ledger, seen),
            *_claims(ledger),
            *_envelopes(ledger),
            *_stale(ledger),
        ],
    )


def roots(ledger: Ledger) -> dict[str, Row]:
    """The rows that run, by the trigger of what somebody did."""
    return {row["trigger_id"]: row for row in ledger.envelopes if row["trigger_id"] and not row["is_duplicate"]}


def _named(what: str, found: Sequence[Difference]) -> Iterator[Finding]:
    for one in found:
        yield Finding(what, f"{one.delivery_id} {one.channel} {one.event_type or ''} {one.status or ''}".strip())


def _lost_events(ledger: Ledger) -> Iterator[Finding]:
    """Each event is routed, and then posted or told by a card, or no route wants it."""
    for row in ledger.events:
        if row["status"] in (None, "pending"):
            yield Finding("event was not seen", f"{row['event_id']} {row['event_type']}")
        elif row["status"] == "routed" and not row["posts"] and not row["on_card"]:
            yield Finding("event without a message or a reason", f"{row['event_id']} {row['event_type']}")


def _not_run(ledger: Ledger, seen: Seen) -> Iterator[Finding]:
    """What Slack told its user had worked, has run."""
    by_trigger, by_id = roots(ledger), {row["envelope_id"]: row for row in ledger.envelopes}
    for one in seen.interactions:
        if one.outcome != "acked":
            continue
        row = by_trigger.get(one.trigger_id or "") or by_id.get(one.attempts[-1].envelope_id if one.attempts else "")
        if row is None or row["status"] != "completed":
            why = "no row" if row is None else f"{row['status']}: {row['last_error']}"
            yield Finding("acknowledged, and not run", f"{one.kind} {one.what[:60]} {one.envelope_id}: {why}")


def _hooks(ledger: Ledger, seen: Seen) -> Iterator[Finding]:
    """Each deploy that was approved, or needs no approval, called its hook; what the ledger calls sent was taken."""
    called = {(row["card_id"], row["action"]) for row in ledger.deliveries if row["kind"] == "hook"}
    for card in ledger.cards:
        if card["decision"] in ("approved", "not_needed") and (card["card_id"], "deploy") not in called:
            yield Finding("deploy without a call of its hook", card["card_id"])
    for row in ledger.deliveries:
        if row["kind"] == "hook" and row["status"] == "sent" and not seen.hooks.get((row["card_id"], row["action"])):
            yield Finding("hook call that nobody took", row["delivery_id"])


def _double_runs(ledger: Ledger) -> Iterator[Finding]:
    """What somebody did once runs once, under however many envelope ids it came."""
    ran = [row for row in ledger.envelopes if row["status"] == "completed" and not row["is_duplicate"]]
    for trigger, times in Counter(row["trigger_id"] for row in ran if row["trigger_id"]).items():
        if times > 1:
            yield Finding("one deed ran more than once", f"{trigger}: {times} times")


def _double_audits(ledger: Ledger) -> Iterator[Finding]:
    """The audit events of an envelope are those that its settling wrote, and no others."""
    for row in ledger.envelopes:
        extra: Counter[str] = Counter(row["audits"]) - Counter(row["settled_events"])
        if extra:
            yield Finding("envelope with a second effect", f"{row['envelope_id']}: {', '.join(extra)}")


def _double_changes(ledger: Ledger) -> Iterator[Finding]:
    """A card is acknowledged once, approved once …, however many people click."""
    decided = ("alert.acknowledged", "alert.investigating", "deploy.approved", "deploy.rejected")
    counted = Counter((row["event_type"], row["card_id"]) for row in ledger.changes if row["event_type"] in decided)
    for (event_type, card), times in counted.items():
        if times > 1:
            yield Finding("card changed more than once", f"{card} {event_type} {times} times")


def _double_hooks(seen: Seen) -> Iterator[Finding]:
    for (card, action), keys in seen.hooks.items():
        if action == "deploy" and len(keys) > 1:
            yield Finding("deployed more than once", f"{card}: {', '.join(sorted(keys))}")


def _double_notes(seen: Seen) -> Iterator[Finding]:
    """Nobody is told the same twice for one deed."""
    for one in seen.interactions:
        texts = Counter((str(note.get("text")), str(note.get("blocks"))) for note in one.ephemerals)
        for (text, _), times in texts.items():
            if times > 1:
                yield Finding("private note given twice", f"{one.what[:60]} {one.envelope_id}: {text[:80]}")


def _acks(ledger: Ledger, seen: Seen) -> Iterator[Finding]:
    """No ack is malformed, late, or without a record before it."""
    recorded = {row["envelope_id"]: row["recorded_at"] for row in ledger.envelopes}
    for ack in seen.acks:
        if ack.problem not in GOOD:
            after = "" if ack.after is None else f" after {ack.after:.2f} s"
            yield Finding(f"ack is wrong: {ack.problem}", f"{ack.envelope_id}{after}")
        elif recorded.get(ack.envelope_id or "", float("inf")) > ack.at:
            yield Finding("ack without a record before it", str(ack.envelope_id))


def _claims(ledger: Ledger) -> Iterator[Finding]:
    for name, rows in (("event", ledger.events), ("delivery", ledger.deliveries), ("envelope", ledger.envelopes)):
        for row in rows:
            if row["claimed"]:
                yield Finding("still claimed", f"{name} {row[f'{name}_id']}")


def _envelopes(ledger: Ledger) -> Iterator[Finding]:
    """Each envelope that is ours ran and was audited, or says why it did not."""
    for row in ledger.envelopes:
        if row["is_duplicate"]:
            continue
        if row["status"] == "failed" and not str(row["last_error"]).startswith(STATED):
            yield Finding("envelope failed", f"{row['envelope_id']}: {row['last_error']}")
        if row["status"] in ("completed", "failed") and not row["audits"]:
            yield Finding("envelope without an audit event", row["envelope_id"])


def _stale(ledger: Ledger) -> Iterator[Finding]:
    """A message shows the newest state of its card, unless its update was given up with a reason."""
    shown: defaultdict[str, int] = defaultdict(int)
    given_up: set[str] = set()
    for row in ledger.deliveries:
        message = row["target_delivery_id"] or row["delivery_id"]
        if row["status"] == "sent":
            shown[message] = max(shown[message], row["card_version"] or 0)
        elif row["kind"] == "update" and row["status"] == "dead":
            given_up.add(message)
    versions = {card["card_id"]: card["version"] for card in ledger.cards}
    for row in ledger.deliveries:
        message = row["delivery_id"]
        # What is told in a digest shows no card.
        if row["kind"] != "post" or row["status"] != "sent" or message in given_up or row.get("digest_id"):
            continue
        version = versions.get(row["event_id"], 0)
        if shown[message] < version:
            yield Finding("message is out of date", f"{message}: shows {shown[message]} of {version}")
