"""An event's story, as the terminal tells it."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pulser.blocks import clean
from pulser_cli.digest import short
from pulser_cli.output import ago, due, shown, status, table

_PAYLOAD_LINES = 20


def print_story(story: dict[str, Any], out: Console) -> None:
    """What the event said, how it was routed, and each delivery with its attempts."""
    event, dispatch = story["event"], story["dispatch"]
    out.print(Text(clean(str(event["event_type"])), style="bold"))
    out.print(Padding(_facts(event, dispatch), (0, 0, 0, 2)))
    out.print(Padding(_payload(event["payload"]), (1, 0, 0, 2)))
    for delivery in story["deliveries"]:
        out.print()
        out.print(Text.assemble((clean(delivery["channel"]), "bold"), "  ", status(delivery["status"])))
        out.print(Padding(_delivery(delivery), (0, 0, 0, 2)))
        if delivery["attempts_log"]:
            out.print(Padding(_attempts(delivery["attempts_log"]), (0, 0, 0, 2)))
    if not story["deliveries"]:
        out.print(Text(f"\n{_no_deliveries(event, dispatch)}", style="dim"), soft_wrap=True)


def _no_deliveries(event: dict[str, Any], dispatch: dict[str, Any]) -> str:
    if dispatch["status"] == "pruned":
        return "What became of it is not kept: it is older than 90 days."
    if dispatch["status"] == "silenced":
        return f"No message: a silence muted it. pulser why {event['event_id']} tells whose."
    if dispatch["status"] != "unrouted":
        return "No deliveries."
    event_type = shlex.quote(clean(str(event["event_type"])))
    return f"No deliveries. Where such an event goes, and why: pulser routes explain {event_type}"


def _facts(event: dict[str, Any], dispatch: dict[str, Any]) -> Table:
    recorded = dispatch["recorded_at"]
    return pairs(
        {
            "event": event["event_id"],
            "written": moment(event["created_at"]),
            "recorded": moment(recorded),
            "routing": f"{dispatch['status']} {ago(dispatch['routed_at'])}".strip(),
            "actor": event["actor"],
            "target": event["target"],
            "status": None if event["status"] == "ok" else event["status"],
            "error": event["error_detail"],
        }
    )


def _delivery(delivery: dict[str, Any]) -> Table:
    latency, thread = delivery["latency_ms"], delivery["thread_delivery_id"]
    since = "the event's record" if delivery["kind"] == "post" and not thread else "when it was asked for"
    return pairs(
        {
            "delivery": delivery["delivery_id"],
            delivery["thread_part"] or "briefing": thread and f"in the thread of the message of {thread}",
            "digest": _digest(delivery),
            "route": delivery["route"],
            "sent": moment(delivery["sent_at"]),
            "latency": None if latency is None else f"{latency:,.0f} ms from {since} to Slack's ok",
            "found": "in Slack's history, not posted again" if delivery["adopted"] else None,
            "message": f"{delivery['slack_channel_id']} {delivery['slack_ts']}" if delivery["slack_ts"] else None,
            "why": delivery["reason"],
            "error": delivery["error"],
            "next try": due(delivery["next_attempt_at"]),
        }
    )


def _digest(delivery: dict[str, Any]) -> str | None:
    digest = delivery.get("digest_id")
    if not digest or delivery["kind"] != "post":
        return None
    if digest == delivery["delivery_id"]:
        events = f"{delivery['digest_events']:,} events"
        return f"its message tells of {events}: `pulser ledger list --digest {short(digest)}` lists them"
    return f"told in the message of {digest}, with others: its attempts are at `pulser ledger show {digest}`"


def _attempts(log: list[dict[str, Any]]) -> Table:
    rows = table(["", "Attempt", "Began", "Took", "Outcome", "Why"], flexible=["Why"], right=["", "Took"])
    for attempt in log:
        why = ": ".join(str(it) for it in (attempt["reason"], attempt["error"]) if it)
        rows.add_row(
            shown(attempt["attempt"]),
            shown(attempt["purpose"]),
            shown(ago(attempt["started_at"])),
            shown(_took(attempt)),
            shown(attempt["outcome"] or "under way"),
            shown(why),
        )
    return rows


def _took(attempt: dict[str, Any]) -> str | None:
    if not attempt["ended_at"]:
        return None
    return f"{_milliseconds(attempt['started_at'], attempt['ended_at']):,.0f} ms"


def _milliseconds(begin: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds() * 1000


def moment(written: str | None) -> str | None:
    """An ISO time for people; None for None."""
    return written and f"{datetime.fromisoformat(written).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC ({ago(written)})"


def pairs(facts: dict[str, object]) -> Table:
    """Names and values, one a line, values wrapped; what is unknown is left out."""
    pairs = Table.grid(padding=(0, 2, 0, 0))
    pairs.add_column(style="dim", no_wrap=True)
    pairs.add_column(overflow="fold")
    for name, value in facts.items():
        if value not in (None, ""):
            pairs.add_row(name, Text(clean(str(value))))
    return pairs


def _payload(payload: object) -> Text:
    lines = clean(json.dumps(payload, indent=2, ensure_ascii=False)).splitlines()
    more = [f"… {len(lines) - _PAYLOAD_LINES} more lines: --json shows all"] if len(lines) > _PAYLOAD_LINES else []
    return Text("\n".join([*lines[:_PAYLOAD_LINES], *more]), style="dim")
