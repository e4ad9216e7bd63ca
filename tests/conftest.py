from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest
import structlog

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.slack", "tests.fixtures.console"]

# No absolute times: the machine is shared. In CI the same examples each time; elsewhere new ones are found.
hypothesis.settings.register_profile("pulser", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("pulser")

# structlog's own default draws a traceback with all local variables: seconds of it, where the ledger is one of them.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# They play what others test already, thousands of times, or test what is not Python, or what runs in other processes:
# to trace each line costs minutes and shows nothing new.
HERE = Path(__file__).parent
UNTRACED = (HERE / "acceptance", HERE / "integration" / "schema", HERE / "model", HERE / "proof")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out of the coverage what it would learn nothing from, and begin with the plays that take a minute each.

    Begun last, one of them would keep one worker busy while the others have nothing left.
    """
    items.sort(key=lambda it: not it.path.is_relative_to(HERE / "proof"))
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in UNTRACED):
            item.add_marker(pytest.mark.no_cover)
