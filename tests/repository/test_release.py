"""What marks a release: its version, its heading in the CHANGELOG, and the contract of its SQL functions."""

from __future__ import annotations

import json
import re

from pulser.http import VERSION
from tests.repository.tree import ROOT

RELEASES = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_contract_is_of_the_newest_release() -> None:
    """The CHANGELOG's first heading with a number; before the first release, of the one that comes."""
    contract = json.loads((ROOT / "supabase" / "contract.json").read_text())
    assert contract["version"] == (RELEASES[0] if RELEASES else VERSION)


def test_the_code_tells_the_newest_release() -> None:
    """Health answers with the version that stands in the CHANGELOG."""
    assert RELEASES[:1] in ([], [VERSION])
