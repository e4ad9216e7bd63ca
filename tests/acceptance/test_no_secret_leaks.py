"""Secrets live in Vault only (invariant 9): after work and trouble they are looked for everywhere else."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx

from pulser_local.demo_acts import DemoActs
from pulser_local.slack import Fault
from tests.acceptance.people import Workplace, workplace

FUNCTIONS = ("notify-dispatch", "socket-relay", "action-handler", "command-handler")
NOT_SECRET = "pulser_functions_url"
HOOK = {"type": "webhook", "url": "http://127.0.0.1:9/hook", "secret": "pulser_hook_x"}
SERVICE = {"service": "api", "environments": ["production"], "approvers": ["U0BOB"], "deploy": HOOK}
TABLES = """
select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and n.nspname not in ('vault', 'pg_catalog', 'information_schema', 'pg_toast')
"""


async def work(place: Workplace) -> str:
    """What the demo's people do, and more, while some of it fails; an event that was told."""
    slack = place.simulator
    slack.faults.add(Fault(kind="reset_before", method="chat.postMessage", times=1))
    alert = await place.alert()
    slack.faults.add(Fault(kind="slack_error", method="chat.update", error="internal_error", times=1))
    await place.value("select ops.store_secret_v1('pulser_hook_x', 'sentinel-of-a-hook-0815')")
    await place.value("select ops.apply_services_v1($1::jsonb)", json.dumps([SERVICE]))
    acts = await DemoActs(slack).run()
    assert {it.who for it in acts if it.problem} == {"the hook"}  # nobody is there
    for text in (f"why {alert.event_id}", "nonsense"):
        assert (await slack.command("/pulser", text)).outcome == "acked"
    await place.settled()
    return alert.event_id


async def answers(place: Workplace) -> list[str]:
    """What the functions say to those who know a key, another one, or none, and who send nonsense."""
    said = []
    async with httpx.AsyncClient(timeout=30) as http:
        for name in FUNCTIONS:
            url = f"{place.functions_url}/{name}"
            for headers in ({}, {"apikey": "wrong"}, {"authorization": "Bearer wrong"}):
                said.append((await http.post(url, headers=headers, content=b"{nonsense")).text)
                said.append((await http.get(url, params={"action": "health"}, headers=headers)).text)
    return said


async def stored(database_url: str) -> dict[str, str]:
    """All rows of all tables but Vault's own, as text."""
    connection = await asyncpg.connect(database_url)
    try:
        tables = [row[0] for row in await connection.fetch(TABLES)]
        rows = {it: await connection.fetch(f"select t::text from {it} t") for it in tables}  # noqa: S608  their names
    finally:
        await connection.close()
    return {table: "\n".join(row[0] for row in found) for table, found in rows.items()}


def environment_of(pid: int) -> dict[str, str]:
    """Of another process."""
    lines = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return {name: value for name, _, value in (it.partition("=") for it in lines)}


async def secrets(place: Workplace) -> dict[str, str]:
    """Those in Vault, and the two that the functions' environment holds."""
    connection = await asyncpg.connect(place.database_url)
    try:
        kept = await connection.fetch("select name, decrypted_secret from vault.decrypted_secrets")
    finally:
        await connection.close()
    relay = place.dev.run_file()["children"]["socket-relay"]
    key = environment_of(relay)["SUPABASE_SERVICE_ROLE_KEY"]
    password = urlsplit(place.database_url).password or ""
    found = {row["name"]: row["decrypted_secret"] for row in kept if row["name"] != NOT_SECRET}
    return {**found, "the key of the Data API": key, "the password of the database": password}


def shown(place: Workplace) -> str:
    """All that anybody sees in Slack."""
    slack = place.simulator
    messages = [it.to_json() for channel in slack.workspace.channels for it in slack.workspace.history(channel)]
    return json.dumps([*messages, *(slack.ephemerals(None, user) for user in slack.users)])


async def test_no_secret_is_where_it_does_not_belong(tmp_path: Path) -> None:
    """Not in a log, a table, a queue, an answer or a message, while the events themselves are in all of these."""
    async with workplace(tmp_path) as place:
        event_id = await work(place)
        places = {
            "an answer": "\n".join(await answers(place)),
            "Slack": shown(place),
            **await stored(place.database_url),
            "the log": (tmp_path / "stderr.txt").read_text(),
        }
        known = await secrets(place)
    assert {"slack_bot_token", "slack_app_token", "pulser_function_key", "pulser_button_key"} <= known.keys()
    assert all(len(value) > 12 for value in known.values())
    assert [(name, place) for name, value in known.items() for place, text in places.items() if value in text] == []
    # It would have been seen: what is no secret is in each kind of place.
    assert {"Slack", "ops.platform_events", "ops.deliveries", "the log"} <= {
        place for place, text in places.items() if event_id in text
    }
    assert "unauthorized" in places["an answer"]
