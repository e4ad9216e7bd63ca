from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.postgres import Call
from tests.integration.cli.conftest import Pulser

ROUTES = """
routes:
  - {name: ci, event_pattern: ci.*, channel: "#ops-ci", mention: here}
  - {name: default, channel: "#ops-alerts", is_default: true}
"""


def write(file: Path, old: str = "", new: str = "") -> None:
    file.write_text(ROUTES.replace(old, new) if old else ROUTES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "routes.yaml")
    return tmp_path / "routes.yaml"


async def test_apply_makes_the_routes_those_of_the_file(pulser: Pulser, call: Call, file: Path) -> None:
    """What the file has is added; the output says so, a line for each route."""
    result = await pulser("routes", "apply", str(file))
    assert result.stdout.splitlines() == [
        "+ ci: event_pattern ci.*, minimum_severity info, channel #ops-ci, mention here",
        "1 added",
    ]
    assert [route["name"] for route in await call("routes_v1")] == ["ci", "default"]


async def test_apply_again_changes_nothing(pulser: Pulser, file: Path) -> None:
    """Applying twice is applying once."""
    await pulser("routes", "apply", str(file))
    again = await pulser("routes", "apply", str(file), "--json")
    assert json.loads(again.stdout) == {"applied": True, "added": 0, "changed": 0, "removed": 0, "changes": []}


async def test_nothing_to_change_is_said(pulser: Pulser, file: Path) -> None:
    """A second apply says that all is as it should be."""
    await pulser("routes", "apply", str(file))
    again = await pulser("routes", "apply", str(file))
    assert again.stdout == "Nothing to change: the 2 routes are as in the file.\n"


async def test_dry_run_changes_nothing(pulser: Pulser, call: Call, file: Path) -> None:
    """--dry-run tells what would change, and leaves the database as it is."""
    before = await call("routes_v1")
    result = await pulser("routes", "apply", str(file), "--dry-run")
    assert "1 would be added" in result.stdout
    assert await call("routes_v1") == before


async def test_diff_is_like_diff(pulser: Pulser, file: Path) -> None:
    """Exit code 1 and the changes where the database differs, 0 and silence where it does not."""
    before = await pulser("routes", "diff", str(file))
    await pulser("routes", "apply", str(file))
    after = await pulser("routes", "diff", str(file))
    assert (before.exit_code, before.stdout[:6]) == (1, "+ ci: ")
    assert (after.exit_code, after.stdout) == (0, "")


async def test_a_renamed_route_is_another_one(pulser: Pulser, file: Path) -> None:
    """A route of another name is another route; one that is not in the file is removed."""
    await pulser("routes", "apply", str(file))
    write(file, 'ci, event_pattern: ci.*, channel: "#ops-ci"', 'builds, channel: "#ops-ci"')
    result = await pulser("routes", "diff", str(file), "--json")
    assert json.loads(result.stdout)["different"] is True
    assert [(change["kind"], change["route"]) for change in json.loads(result.stdout)["changes"]] == [
        ("added", "builds"),
        ("removed", "ci"),
    ]


async def test_a_changed_key_is_told_before_and_after(pulser: Pulser, file: Path) -> None:
    """A route that differs shows each key that does, with both values."""
    await pulser("routes", "apply", str(file))
    write(file, ", mention: here", ", continue: true")
    result = await pulser("routes", "diff", str(file))
    assert result.stdout == "~ ci: mention here → none, continue false → true\n"


async def test_the_projects_file_is_found(pulser: Pulser, call: Call) -> None:
    """Without a file's name the one of this checkout serves, and the database takes all its routes."""
    await pulser("routes", "apply")
    assert {"critical", "deploys", "default"} <= {route["name"] for route in await call("routes_v1")}


async def test_a_file_above_the_folder_comes_first(pulser: Pulser, call: Call, tmp_path: Path) -> None:
    """The file of the folder one stands in wins over the checkout's."""
    place = tmp_path / "ssot/integrations/slack"
    place.mkdir(parents=True)
    (place / "pulser.yaml").write_text(ROUTES)
    await pulser("routes", "apply")
    assert [route["name"] for route in await call("routes_v1")] == ["ci", "default"]


async def test_a_bad_file_applies_nothing(pulser: Pulser, call: Call, file: Path) -> None:
    """A fault in the file exits with 2, names file and key, and leaves the database as it is."""
    before = await call("routes_v1")
    write(file, "#ops-ci", "Ops CI")
    result = await pulser("routes", "apply", str(file))
    assert (result.exit_code, f'{file}:routes.0.channel: must be "#name"' in result.stderr) == (2, True)
    assert await call("routes_v1") == before


async def test_explain_asks_the_database(pulser: Pulser, file: Path) -> None:
    """Without --file the routes in force are asked."""
    await pulser("routes", "apply", str(file))
    result = await pulser("routes", "explain", "ci.failed")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "ci.failed (severity error) goes to #ops-ci mentioning here."


async def test_explain_of_an_unrouted_event_exits_with_1(pulser: Pulser) -> None:
    """An event that would go nowhere is a finding."""
    result = await pulser("routes", "explain", "door.opened")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "door.opened (severity info) goes nowhere.")


async def test_explain_takes_a_payload(pulser: Pulser) -> None:
    """The payload decides the severity, and so the default route."""
    result = await pulser("routes", "explain", "door.opened", "--payload", '{"severity": "error"}', "--json")
    explained = json.loads(result.stdout)
    assert explained["channels"] == ["#ops-alerts"]
    assert explained["routes"][0]["reason"] == "default route: there is no other, severity error"
