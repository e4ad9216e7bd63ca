"""How `pulser doctor` speaks to a person."""

from __future__ import annotations

import json
import re

from pulser_local.stack_options import ROOT
from tests.integration.cli.doctoring import Installation, healthy, installed
from tests.integration.notify_dispatch.conftest import bench

__all__ = ["bench", "healthy", "installed"]


async def test_what_is_wrong_comes_first(healthy: Installation) -> None:
    """Then the warnings, each with its remedy below it; then the count."""
    await healthy.run("delete from vault.secrets where name = 'slack_signing_secret'")
    healthy.slack.workspace.change_channel(healthy.channel("general").id, is_member=False)
    lines = (await healthy.doctor()).stdout.splitlines()
    heads = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert heads == ["wrong", "warning", "1"]
    assert lines[-1].startswith("1 wrong, 1 warning; ")
    assert sum(line.startswith("         → ") for line in lines) == 2


async def test_it_fits_a_terminal_of_eighty_columns(healthy: Installation) -> None:
    """Where no word is longer."""
    await healthy.run("select cron.unschedule('ops_relay_cover')")
    await healthy.run("grant usage on schema ops to anon")
    await healthy.run("update ops.relay_sessions set app_id = 'A0OTHER'")
    lines = (await healthy.doctor()).stdout.splitlines()
    assert len(lines) > 5
    assert [line for line in lines if len(line) > 80] == []


async def test_json_has_the_counts_and_the_right_ones_too(healthy: Installation) -> None:
    """Each with its check, its level, what it is, and its remedy where it is not right."""
    result = await healthy.doctor("--json")
    assert result.exit_code == 0
    assert '"wrong": 0' in result.stdout
    assert '"is_right": true' in result.stdout
    assert '"what": "ops_relay_cover runs"' in result.stdout


async def test_each_check_stands_in_the_documentation(healthy: Installation) -> None:
    """And no other does."""
    told = json.loads((await healthy.doctor("--json")).stdout)["findings"]
    listed = re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/doctor.md").read_text(), re.MULTILINE)
    assert set(listed) == {it["check"] for it in told}
