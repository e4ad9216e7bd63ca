"""`pulser replay`: the ledger against the code and the routes of now, after what people and functions really did."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pulser_local.slack import SlackSimulator
from tests.fixtures.postgres import Call, Connection
from tests.integration.action_handler.stage import Stage, staged
from tests.integration.cli.conftest import Pulser

BUILDS = """
routes:
  - {name: builds, event_pattern: "ci.*", channel: "#builds"}
  - {name: all, channel: "#ops-alerts"}
  - {name: default, is_default: true, channel: "#general"}
"""


@pytest.fixture
async def stage(
    database_url: str, connection: Connection, call: Call, simulator_unlimited: SlackSimulator
) -> AsyncIterator[Stage]:
    """Dispatcher, action-handler, one service, and one route that takes all."""
    async with staged(database_url, connection, call, simulator_unlimited) as made:
        yield made


@pytest.fixture
def builds(tmp_path: Path) -> str:
    """Routes that are to be tried."""
    file = tmp_path / "builds.yaml"
    file.write_text(BUILDS)
    return str(file)


async def told(pulser: Pulser, *arguments: str) -> dict[str, Any]:
    result = await pulser("replay", "--json", *arguments)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def groups(part: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    return [(it["count"], it["subject"], it["then"], it["now"]) for it in part["differences"]]


async def test_what_was_really_done_does_not_differ(pulser: Pulser, stage: Stage) -> None:
    """Alerts, clicks that win and that come late, a deploy with all its results: the code of now would do the same."""
    await stage.emit("ci.failed")
    await stage.click("acknowledge", "U0ALICE")
    await stage.click("investigate")
    await stage.click("investigate", "U0CAROL")
    await stage.submit()
    await stage.dispatch()
    await stage.click("approve", "U0ALICE")
    await stage.emit("deploy.started", version="1.2.4")
    await stage.emit("deploy.completed", version="1.2.4")
    result = await pulser("replay")
    assert (result.exit_code, result.stdout.count("nothing differs")) == (0, 2), result.output
    assert result.stdout.endswith("Nothing was written or sent.\n")


async def test_other_routes_are_tried(pulser: Pulser, stage: Stage, builds: str) -> None:
    """Equal differences are one line, and the exit code is 1; the database's own routes still differ in nothing."""
    for _ in range(3):
        await stage.emit("ci.failed")
    await stage.emit("task.failed")
    result = await pulser("replay", "--file", builds)
    assert result.exit_code == 1
    [line] = [line for line in result.stdout.splitlines() if "→" in line]
    assert line.split() == ["3", "ci.failed", "#ops-alerts", "→", "#builds"]
    assert "3 of 4 events would be otherwise now." in result.stdout
    assert (await pulser("replay", "--dry-run")).exit_code == 0


async def test_it_speaks_json(pulser: Pulser, stage: Stage, builds: str) -> None:
    """With the newest event of each group."""
    await stage.emit("ci.failed")
    newest = await stage.emit("ci.failed")
    found = await told(pulser, "--file", builds)
    assert (found["dry_run"], found["differs"], found["events"]["compared"], found["events"]["differ"]) == (
        True,
        True,
        2,
        2,
    )
    assert found["events"]["differences"] == [
        {
            "count": 2, "subject": "ci.failed", "aspect": "channels", "then": "#ops-alerts", "now": "#builds",
            "newest": newest,
        }
    ]  # fmt: skip


async def test_one_type_of_event_is_asked_for(pulser: Pulser, stage: Stage, builds: str) -> None:
    """A glob, as routes have them; clicks and commands have none."""
    await stage.emit("ci.failed")
    await stage.emit("ci.passed", service="web")
    found = await told(pulser, "--file", builds, "--event-type", "*.passed")
    assert (groups(found["events"]), found["envelopes"]) == ([(1, "ci.passed", "#ops-alerts", "#builds")], None)


async def test_a_click_whose_audit_tells_otherwise_differs(pulser: Pulser, stage: Stage) -> None:
    """As after a change of action-handler: here the card of then is changed instead."""
    await stage.emit("ci.failed")
    await stage.click("acknowledge", "U0ALICE")
    await stage.sql.execute(
        'update ops.cards set state = \'{"investigating": {"user": "U0BOB", "at": "2020-01-01T00:00:00Z"}}\''
    )
    found = await told(pulser)
    assert groups(found["envelopes"]) == [(1, "button acknowledge", "alert.acknowledged", "late: investigating")]


async def test_only_the_newest_are_looked_at(pulser: Pulser, stage: Stage, builds: str) -> None:
    """Up to --most, and it says so."""
    for _ in range(3):
        await stage.emit("ci.failed")
    found = await told(pulser, "--file", builds, "--most", "2")
    assert (found["events"]["compared"], found["events"]["cut"]) == (2, True)
    assert "Only the newest" in (await pulser("replay", "--file", builds, "--most", "2")).stdout


async def test_a_time_that_is_over_holds_nothing(pulser: Pulser, stage: Stage, builds: str) -> None:
    """--until ends it."""
    await stage.emit("ci.failed")
    found = await told(pulser, "--file", builds, "--since", "2h", "--until", "1h")
    assert (found["differs"], found["events"]["compared"]) == (False, 0)


async def test_nothing_is_written_or_sent(pulser: Pulser, stage: Stage, builds: str) -> None:
    """Neither message nor row."""
    await stage.emit("ci.failed")
    count = "select (select count(*) from ops.deliveries), (select count(*) from ops.platform_events)"
    before = (await stage.sql.fetchrow(count), len(stage.slack.workspace.history(stage.channel)))
    await pulser("replay", "--file", builds)
    assert (await stage.sql.fetchrow(count), len(stage.slack.workspace.history(stage.channel))) == before


async def test_a_broken_route_of_the_database_stops_nothing(pulser: Pulser, stage: Stage) -> None:
    """It is left out, as notify-dispatch does, and said."""
    await stage.emit("ci.failed")
    await stage.sql.execute("update ops.notification_routes set event_pattern = '' where name = 'all'")
    result = await pulser("replay")
    assert (result.exit_code, "route 'all'" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    "arguments", [["--since", "yesterday"], ["--until", "h"], ["--file", "/nowhere"], ["--most", "0"]]
)
async def test_what_is_called_wrongly_ends_with_2(pulser: Pulser, arguments: list[str]) -> None:
    """And says how."""
    result = await pulser("replay", *arguments)
    assert (result.exit_code, result.stderr != "") == (2, True)


async def test_no_event_steers_the_terminal(pulser: Pulser, stage: Stage, builds: str) -> None:
    """Escape sequences of a type are not passed on."""
    await stage.emit("ci.\x1b[2J")
    assert "\x1b" not in (await pulser("replay", "--file", builds)).stdout
