"""`pulser silences` against a real database."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.postgres import Call
from tests.integration.cli.conftest import Bring, Pulser


async def told(pulser: Pulser, *arguments: str) -> Any:  # noqa: ANN401  JSON
    result = await pulser("silences", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


async def test_a_silence_is_added_listed_and_ended(pulser: Pulser) -> None:
    """By the beginning of its id; who did it is whoever works here."""
    added = await told(
        pulser, "add", "--service", "api", "--type", "ci.*", "--for", "115min", "--reason", "rebuild", "--yes"
    )
    listed = await pulser("silences", "list", columns=160)
    assert all(it in listed.stdout for it in ("api ci.*", " UTC, in 1 h 55 min", "rebuild", added["silence_id"]))
    assert datetime.fromisoformat(added["ends_at"]).astimezone(UTC).strftime("%H:%M UTC, in") in listed.stdout
    ended = await pulser("silences", "end", added["silence_id"][:8])
    assert ended.stdout == "Heard again: api ci.*. 0 muted.\n"
    assert (await pulser("silences", "list")).stdout == "Nothing is silenced.\n"
    assert "over" in (await pulser("silences", "list", "--all", columns=160)).stdout
    [over] = await told(pulser, "list", "--all")
    assert over["ended_by"]["name"] == over["created_by"]["name"] != ""
    again = await pulser("silences", "end", added["silence_id"])
    assert (again.exit_code, "no silence that lasts begins with" in again.output) == (1, True)


async def test_the_list_says_all_of_what_is_silenced(pulser: Pulser) -> None:
    """At 80 columns ids are short and long words wrap; in a pipe each is a whole line."""
    why = "the migration of the old database to the new one takes its time"
    everything = await told(pulser, "add", "--all", "--for", "2h", "--reason", why, "--yes")
    narrow = (await pulser("silences", "list")).stdout
    assert "everything " in narrow
    assert "…" not in narrow
    assert everything["silence_id"][:8] in narrow
    assert everything["silence_id"] not in narrow
    assert all(len(line) <= 80 for line in narrow.splitlines())
    _, line = (await pulser("silences", "list", COLUMNS="")).stdout.splitlines()
    assert all(it in line for it in ("everything", why, everything["silence_id"]))


async def test_a_preview_tells_what_would_have_been_muted(pulser: Pulser, bring: Bring) -> None:
    """Of the last day, by type and service."""
    await bring("sent", "#ops-ci", payload={"service": "api", "title": "2 of 96 failed"})
    found = await told(pulser, "preview", "--service", "api")
    assert (found["muted"], found["passing"]) == (1, 0)
    words = (await pulser("silences", "preview", "--type", "ci.*", columns=160)).stdout
    assert words.startswith(
        "A silence of ci.* of any service would have muted 1 message of the last day: 1 ci.failed of api."
    )
    assert "2 of 96 failed" in words
    assert (
        "would have muted nothing of the last day." in (await pulser("silences", "preview", "--service", "web")).stdout
    )


async def test_a_preview_says_what_no_silence_mutes(pulser: Pulser, bring: Bring) -> None:
    """A request for a deploy is not critical, and is posted all the same."""
    await bring("sent", "#ops-deploy", event_type="deploy.requested", payload={"service": "api"})
    words = (await pulser("silences", "preview", "--service", "api", columns=160)).stdout
    assert "1 would have been posted all the same: critical events, requests for a deploy, " in words


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["add"], "say when it ends"),
        (["add", "--for", "2h", "--until", "18:00"], "say when it ends"),
        (["add", "--for", "9d"], "seven days at most"),
        (["add", "--for", "2h noise"], "is no part of a time"),
        (["add", "--for", "2h", "--service", "a[p]i"], "without [ and ]"),
        (["preview", "--type", ""], "without [ and ]"),
        (["add", "--for", "2h", "--reason", "x" * 201], "characters at most"),
        (["add", "--for", "2h", "--yes"], "say what: --service, --type or --environment; --all silences everything"),
        (["add", "--for", "2h", "--yes", "--service", "*", "--type", "**"], "--all silences everything"),
        (["add", "--for", "2h", "--yes", "--all", "--service", "api"], "--all is everything"),
        (["add", "--for", "2h", "--all"], "pulser silences add --all --for 2h --yes"),
        (
            ["add", "--until", "18:00", "--service", "api", "--type", "ci.*", "--reason", "a b"],
            "pulser silences add --service api --type 'ci.*' --until 18:00 --reason 'a b' --yes",
        ),
    ],
)
async def test_what_cannot_be_is_said_in_a_line(bare_pulser: Pulser, arguments: list[str], why: str) -> None:
    """Before any database is asked."""
    result = await bare_pulser("silences", *arguments, columns=200)
    assert (result.exit_code, why in result.output) == (2, True), result.output


async def test_it_tells_what_it_would_mute_before_it_begins(pulser: Pulser, bring: Bring) -> None:
    """Everything, where that is said; without a terminal and a question."""
    await bring("sent", "#ops-ci", payload={"service": "api"})
    added = await pulser("silences", "add", "--all", "--for", "2h", "--yes", columns=200)
    first, newest, begun, hint = added.stdout.splitlines()
    assert first == "A silence of everything would have muted 1 message of the last day: 1 ci.failed of api."
    assert "ci.failed api" in newest
    assert begun.startswith("Silenced: everything until ")
    assert hint.startswith("pulser silences end ")


@pytest.mark.parametrize(("typed", "code", "live"), [("n", 1, 0), ("", 1, 0), ("y", 0, 1)])
async def test_at_a_terminal_it_asks(pulser: Pulser, database_url: str, typed: str, code: int, live: int) -> None:
    """What it would mute is told before the question, and Enter alone begins nothing."""
    ours, theirs = os.openpty()
    command = [
        str(Path(sys.executable).with_name("pulser")),
        *["silences", "add", "--service", "api", "--for", "2h", "--json"],
    ]
    asking = await asyncio.create_subprocess_exec(
        *command, stdin=theirs, stdout=PIPE, stderr=PIPE, env=os.environ | {"SUPABASE_DB_URL": database_url}
    )
    os.close(theirs)
    os.write(ours, f"{typed}\n".encode())
    out, said = await asking.communicate()
    os.close(ours)
    assert asking.returncode == code, said
    assert b"would have muted nothing of" in said.split(b"Silence api until ")[0]
    assert len(await told(pulser, "list")) == live
    assert bool(out.strip()) == bool(live)


async def test_a_preview_of_an_event_says_that_it_is_silenced(pulser: Pulser) -> None:
    """Where a database can be asked; whose silence it is, and that critical ones pass."""
    await told(pulser, "add", "--service", "api", "--for", "2h", "--yes")
    said = await pulser("preview", "ci.failed", "--service", "api", columns=200)
    assert "Silenced now: api, by " in said.stdout
    critical = await pulser("preview", "ci.failed", "--service", "api", "--severity", "critical", "--json")
    assert json.loads(critical.stdout)["silenced_by"] == []


async def test_why_tells_of_the_silence(pulser: Pulser, call: Call) -> None:
    """Which one, and who made it."""
    silence = await told(pulser, "add", "--service", "api", "--for", "2h", "--reason", "rebuild", "--yes")
    await call("append_event_v1", event_type="ci.failed", payload={"service": "api"})
    claim = await call("claim_events_v1", worker="t", max_events=10, lease_seconds=30)
    verdict = {"route": "ci", "channel": "#ops-ci", "used": True, "why": "it fits"}
    routings: Any = [
        {
            "event_id": it["event_id"],
            "deliveries": [{"route": "ci", "channel": "#ops-ci"}],
            "verdicts": [verdict],
            "silences": [silence["silence_id"]] if it["event_type"] == "ci.failed" else [],
        }
        for it in claim["events"]
    ]
    await call("record_deliveries_v1", claim_token=claim["claim_token"], routings=routings)
    event_id = next(it["event_id"] for it in claim["events"] if it["event_type"] == "ci.failed")
    story = (await pulser("why", event_id, columns=200)).stdout
    assert all(it in story for it in ("The silence of api muted it", "rebuild", "would have posted it to #ops-ci"))
    assert "There is no message of it: " in story
    shown = (await pulser("ledger", "show", event_id, columns=200)).stdout
    assert "No message: a silence muted it." in shown
