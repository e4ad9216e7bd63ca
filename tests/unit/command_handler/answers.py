"""What the tests of the commands share: rows of the ledger, and Slack's rules for a private answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.models.blocks import Block

from command_handler.answer import Answer

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_ALLOWED = re.compile(
    r"<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|#[CGD][A-Z0-9]+|https?://[^<>|\s]+\|[^<>|]*"
    r"|!date\^\d+\^\{time\}\|\d\d:\d\d UTC|!date\^\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC)>"
)


def at(**before: float) -> str:
    """An ISO time so long before NOW."""
    return (NOW - timedelta(**before)).isoformat()


def row(service: str, environment: str | None = "production", **told: object) -> dict[str, Any]:
    """A row of service_status_v1."""
    empty = {"deploy": None, "ci": None, "running_deploy": None, "oldest_open_alert_at": None}
    counts = {"open_alerts": 0, "acknowledged_alerts": 0}
    return {"service": service, "environment": environment, **empty, **counts, **told}


def deployed(what: str = "completed", version: str | None = "v1.2", **before: float) -> dict[str, Any]:
    """A deployment as newest_fact_v1 tells it."""
    return {"what": what, "version": version, "at": at(**before), "url": None, "branch": None}


def running(phase: str = "started", **told: object) -> dict[str, Any]:
    """A deploy as running_deploys_v1 tells it."""
    deploy = {"service": "api", "environment": "production", "version": "v1.3", "phase": phase, "since": at(minutes=4)}
    who = {"user": "U0BOB", "name": "bob", "at": at(minutes=4)}
    return {**deploy, "requested": who, "channel": "C0000001", "ts": "1700000000.000100", **told}


def policy(service: str, *environments: str, **told: object) -> dict[str, Any]:
    """A service as list_services_v1 tells it."""
    people: dict[str, Any] = {"approval_required": True, "approvers": [], "deployers": [], "rollback_by": []}
    hooks = {"can_deploy": True, "can_rollback": False, "runbook_url": None}
    return {"service": service, "environments": list(environments or ["production"]), **people, **hooks, **told}


def lines(answer: Answer) -> list[str]:
    """The answer as it is read: header, paragraphs and small print, line by line."""
    texts = [it["text"]["text"] if "text" in it else it["elements"][0]["text"] for it in answer.blocks]
    return "\n".join(texts).splitlines()


def problems(answer: Answer) -> list[str]:
    """What Slack would refuse or misread; empty when all is well."""
    return list(_problems(answer))


def _problems(answer: Answer) -> Iterator[str]:
    blocks = list(answer.blocks)
    for parsed in Block.parse_all(blocks):
        parsed.validate_json()
    if len(blocks) > 50 or len(json.dumps(blocks, ensure_ascii=False)) > 13_000:
        yield "too many blocks, or too long"
    if not answer.text or len((answer.body() or {})["text"]) > 4000:
        yield "no text, or too much of it"
    for block in blocks:
        text = block["text"] if "text" in block else block["elements"][0]
        if len(text["text"]) > (150 if block["type"] == "header" else 3000):
            yield f"too long: {text}"
        if text["type"] == "mrkdwn":
            if text.get("verbatim") is not True:
                yield f"not verbatim: {text}"
            rest = _ALLOWED.sub("", text["text"])
            if "<" in rest or ">" in rest:
                yield f"markup: {rest}"
