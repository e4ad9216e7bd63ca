from __future__ import annotations

import os

import hypothesis
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
