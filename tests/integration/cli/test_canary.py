"""`pulser canary` and `pulser manifest --canary`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.postgres import Call, Connection
from tests.integration.cli.conftest import Pulser

ROUTES = 'routes:\n  - {name: default, channel: "#ops-alerts", is_default: true}\n'
CANARY = 'canary: {channel: "#pulser-canary", every: 10m}\n'
HEARD = """
insert into ops.canaries
    (channel, claimed_at, claimed_by, posted_at, slack_channel_id, slack_ts, came_back_at, envelope_id, transport)
select '#pulser-canary', t, 'w', t, 'C1', '1.1', t, 'e', 'socket' from (select clock_timestamp() as t) now
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pulser.yaml"
    path.write_text(ROUTES + CANARY)
    return path


def without(file: Path) -> None:
    """The file names no canary any more."""
    file.write_text(ROUTES)


async def test_apply_switches_it_as_the_file_has_it(pulser: Pulser, call: Call, file: Path) -> None:
    """On, as it is, and off again."""
    said = await pulser("canary", "apply", str(file))
    assert said.stdout == "From now on the canary is posted to #pulser-canary every 10m.\n"
    assert (await call("canary_status_v1"))["every_s"] == 600
    assert (await pulser("canary", "apply", str(file))).stdout.startswith("Nothing to change:")
    without(file)
    off = json.loads((await pulser("canary", "apply", str(file), "--json")).stdout)
    assert off == {"changed": True, "canary": None}
    assert (await call("canary_status_v1"))["channel"] is None


async def test_status_tells_of_both_ways(pulser: Pulser, connection: Connection, file: Path) -> None:
    """How long the newest took, and what became of those of a day."""
    assert "switched off" in (await pulser("canary", "status")).stdout
    await pulser("canary", "apply", str(file))
    await connection.execute(HEARD)
    told = (await pulser("canary", "status")).stdout
    assert "there and back" in told
    assert "1 back, 0 missed, 0 not posted" in told
    assert json.loads((await pulser("canary", "status", "--json")).stdout)["last"]["status"] == "back"


async def test_the_manifest_brings_canaries_back(bare_pulser: Pulser, file: Path) -> None:
    """The event, the scope and the subscription, where the file names one or --canary is given; else none of it."""
    named = json.loads((await bare_pulser("manifest", "--file", str(file), "--json")).stdout)
    events = named["settings"]["event_subscriptions"]
    assert events["bot_events"] == ["app_mention", "message_metadata_posted"]
    assert events["metadata_subscriptions"] == [{"app_id": "*", "event_type": "pulser_canary"}]
    assert named["oauth_config"]["scopes"]["bot"] == ["metadata.message:read"]
    without(file)
    plain = json.loads((await bare_pulser("manifest", "--file", str(file), "--json")).stdout)
    assert plain["settings"]["event_subscriptions"] == {"bot_events": ["app_mention"]}
    asked = json.loads((await bare_pulser("manifest", "--file", str(file), "--json", "--canary")).stdout)
    assert asked["settings"] == named["settings"]
