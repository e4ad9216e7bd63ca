from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.tools.auditing import Audit


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """An audit with its own lock, file of ignored ones and cache."""
    return Audit(tmp_path)
