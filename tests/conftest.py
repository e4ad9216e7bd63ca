from __future__ import annotations

import os

import hypothesis

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.slack", "tests.fixtures.console"]

# No absolute times: the machine is shared. In CI the same examples each time; elsewhere new ones are found.
hypothesis.settings.register_profile("pulser", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("pulser")
