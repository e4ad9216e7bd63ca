from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.postgres import Connection
from tests.integration.cli.conftest import Pulser


async def written(connection: Connection) -> list[dict[str, Any]]:
    rows = await connection.fetch("select * from ops.platform_events order by created_at")
    return [dict(row) | {"payload": json.loads(row["payload"])} for row in rows]


async def test_an_event_is_written(pulser: Pulser, connection: Connection) -> None:
    """Options become keys of the payload; the id of the event is printed."""
    payload = ["--service", "api", "--environment", "production", "--severity", "critical", "--title", "No health"]
    columns = ["--actor", "ana", "--target", "api-1", "--status", "error"]
    result = await pulser("emit", "deploy.failed", *payload, *columns, "--payload", '{"version": "1.2.3"}')
    [event] = await written(connection)
    assert result.stdout == f"{event['event_id']}\n"
    assert event["payload"] == {
        "service": "api",
        "environment": "production",
        "severity": "critical",
        "title": "No health",
        "version": "1.2.3",
    }
    assert (event["event_type"], event["actor"], event["target"], event["status"]) == (
        "deploy.failed",
        "ana",
        "api-1",
        "error",
    )


async def test_the_person_at_the_keyboard_is_the_actor(pulser: Pulser, connection: Connection) -> None:
    """Without --actor the event names who typed."""
    await pulser("emit", "ci.passed", LOGNAME="ana")
    [event] = await written(connection)
    assert event["actor"] == "cli:ana"


async def test_many_events(pulser: Pulser, connection: Connection) -> None:
    """--count writes as many events, and --json lists their ids."""
    result = await pulser("emit", "ci.passed", "--count", "7", "--json")
    assert set(json.loads(result.stdout)["event_ids"]) == {str(it["event_id"]) for it in await written(connection)}


async def test_payload_from_a_file(pulser: Pulser, connection: Connection, tmp_path: Path) -> None:
    """@file reads the payload from there."""
    (tmp_path / "payload.json").write_text('{"title": "ä"}', encoding="utf-8")
    await pulser("emit", "ci.passed", "--payload", "@payload.json")
    assert [event["payload"] for event in await written(connection)] == [{"title": "ä"}]


async def test_a_malformed_payload_can_be_written(pulser: Pulser, connection: Connection) -> None:
    """A payload may be any JSON, as other writers' payloads are."""
    await pulser("emit", "ci.passed", "--payload", '["not", "an object"]')
    assert [event["payload"] for event in await written(connection)] == [["not", "an object"]]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--payload", "{oops"], "--payload is not JSON: Expecting property name"),
        (["--payload", "@nowhere.json"], "--payload: nowhere.json: No such file"),
        (["--payload", "@latin1.json"], "--payload: latin1.json is not UTF-8"),
        (["--payload", "[" * 100_000], "--payload is not JSON that can be read"),
        (["--payload", "[1]", "--title", "t"], "--payload is not an object"),
        (["--severity", "bad"], "'bad' is not one of"),
        (["--count", "0"], "--count"),
    ],
)
async def test_wrong_use_writes_nothing(
    pulser: Pulser, connection: Connection, tmp_path: Path, arguments: list[str], error: str
) -> None:
    """A mistake in the command line exits with 2, says what is wrong, and writes no event."""
    (tmp_path / "latin1.json").write_bytes(b'"\xe4"')
    result = await pulser("emit", "ci.passed", *arguments, columns=200)
    assert (result.exit_code, error in result.stderr) == (2, True)
    assert await written(connection) == []


@pytest.mark.parametrize(
    ("event_type", "status"), [("ci.failed", "error"), ("error_rate.exceeded", "error"), ("ci.passed", "ok")]
)
async def test_the_status_follows_the_type(
    pulser: Pulser, connection: Connection, event_type: str, status: str
) -> None:
    """What failed or was exceeded is an error, unless --status says otherwise."""
    await pulser("emit", event_type)
    [event] = await written(connection)
    assert event["status"] == status


async def test_an_event_needs_a_type(pulser: Pulser, connection: Connection) -> None:
    """A blank type is wrong use, and nothing is written."""
    result = await pulser("emit", " ")
    assert (result.exit_code, await written(connection)) == (2, [])
