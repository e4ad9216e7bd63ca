"""What `pulser doctor --json` says, and what the documentation says of it."""

from __future__ import annotations

import json
import re

from pulser_local.stack_options import ROOT
from tests.integration.cli.doctoring import Installation, healthy, installed
from tests.integration.notify_dispatch.conftest import bench

__all__ = ["bench", "healthy", "installed"]


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
