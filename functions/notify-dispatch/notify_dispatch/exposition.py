"""Metrics as text for Prometheus, format 0.0.4. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Each metric that metrics_v1 gives, and what it is. All are gauges: of now, or (recent) of the last ten minutes.
CATALOGUE: Mapping[str, str] = {
    "pulser_build_info": "1; the label is the version of notify-dispatch.",
    "pulser_pending_events": "Events that are not routed yet, 10000 at most.",
    "pulser_oldest_pending_event_seconds": "How long the oldest of them has been waiting, 0 without one.",
    "pulser_waiting_deliveries": "Deliveries that have not ended, 10000 at most.",
    "pulser_oldest_waiting_post_seconds": "Age of the oldest message that has yet to be posted, 0 without one.",
    "pulser_overdue_delivery_seconds": "How long ago somebody should have taken the next delivery, 0 in time.",
    "pulser_deploys": "Deploys that have not ended, by phase; queued ones wait for their turn.",
    "pulser_expired_leases": "Claims whose worker has vanished and that nobody has taken over yet.",
    "pulser_unacknowledged_alerts": "Alerts of the last 24 hours that nobody has acknowledged, 10000 at most.",
    "pulser_recent_reminders": "Reminders of such alerts of the last ten minutes that stand in Slack.",
    "pulser_slack_hold_seconds": "How long Slack still wants a method (* for all) to be left alone.",
    "pulser_live_silences": "Silences that last: of everything, or of a part.",
    "pulser_recent_silenced_events": "Events without a message because of a silence, last ten minutes, 10000 at most.",
    "pulser_recent_messages": "Messages that came to stand in Slack in the last ten minutes.",
    "pulser_recent_event_to_slack_seconds": "From the note of an event to its message in Slack, last ten minutes.",
    "pulser_recent_digests": "Digests posted or changed in the last ten minutes, 1000 at most.",
    "pulser_recent_folded_events": "Events that these told of, 10000 at most.",
    "pulser_recent_folded_event_to_slack_seconds": "From the note of such an event to its digest, last ten minutes.",
    "pulser_recent_attempts": "Ended tries at deliveries in the last ten minutes, 10000 at most.",
    "pulser_recent_dead_deliveries": "Deliveries given up in the last ten minutes.",
    "pulser_recent_leases_lost": "Claims that were taken from a vanished worker in the last ten minutes.",
    "pulser_pending_envelopes": "Clicks, commands and events of Slack that wait for a handler, 10000 at most.",
    "pulser_oldest_pending_envelope_seconds": "How long the oldest of them has been waiting, 0 without one.",
    "pulser_overdue_reply_seconds": "How long the oldest private answer is overdue, 0 in time.",
    "pulser_recent_envelopes": "Envelopes of the last ten minutes by what became of them, 10000 at most.",
    "pulser_recent_duplicates": "How often an envelope of the last ten minutes came again; none of these was run.",
    "pulser_recent_record_seconds": "From receiving to recording an envelope, last ten minutes; its ack is sent next.",
    "pulser_recent_answer_seconds": "From receiving an envelope to settling it, last ten minutes.",
    "pulser_relay_switched_on": "Whether Socket Mode is the transport (0: signed HTTP requests).",
    "pulser_relay_sessions": "Connections to Slack that hold their lease.",
    "pulser_relay_silent_seconds": "Since the newest sign of life of any connection; absent while switched off.",
    "pulser_relay_uptime_ratio": "Part of the last 24 hours in which a connection was live, 0 to 1.",
    "pulser_relay_ghost_connections": "Connections that Slack counts and that are none of ours.",
    "pulser_recent_relay_connections": "Connections that Slack greeted in the last ten minutes.",
    "pulser_recent_relay_ends": "Connections that ended in the last ten minutes, by why.",
    "pulser_canary_switched_on": "Whether a canary goes to Slack and has to come back.",
    "pulser_canary_round_trip_seconds": "The newest canary that came back: to a dispatcher, out, back, and the whole.",
    "pulser_canary_age_seconds": "Since a canary came back, or since it was switched on; absent while it is off.",
    "pulser_canary_deaf_seconds": "Since none comes back though Slack takes them, 0 while they do; absent while off.",
    "pulser_canary_refused": "1 where the newest canary could not be posted, by why.",
    "pulser_canary_day": "Canaries of the last 24 hours by what became of them.",
    "pulser_relay_alarm_timestamp_seconds": "When the relays last raised this alarm, in Unix time.",
}
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One number. Names and label names are the ledger's own, label values may be anybody's words."""

    name: str
    labels: Mapping[str, str]
    value: float


def expose(samples: Iterable[Sample]) -> str:
    """The samples of the catalogue, each metric once with its help. One that is not in it is left out.

    The database may be newer than this function: what this cannot explain must not break a scrape.
    """
    by_name: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_name[sample.name].append(sample)
    lines: list[str] = []
    for name, text in CATALOGUE.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge", *map(_line, by_name[name])]
    return "\n".join(lines) + "\n"


def _line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in sorted(sample.labels.items()))
    return f"{sample.name}{'{' + labels + '}' if labels else ''} {sample.value!r}"
