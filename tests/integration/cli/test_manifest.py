"""`pulser manifest`: what Slack is given, and what a person is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulser_cli.routes_file import load
from tests.integration.cli.conftest import Pulser
from tests.repository.tree import ROOT

FILE = str(ROOT / "ssot" / "integrations" / "slack" / "pulser.yaml")
AT = "https://project.example/functions/v1"


async def told(pulser: Pulser, *arguments: str) -> dict[str, Any]:
    result = await pulser("manifest", "--file", FILE, "--json", *arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


async def test_the_yaml_is_what_the_json_says(bare_pulser: Pulser) -> None:
    """Standard output is the manifest alone: it can be kept as a file."""
    result = await bare_pulser("manifest", "--file", FILE)
    assert yaml.safe_load(result.stdout) == await told(bare_pulser)


async def test_the_scopes_are_those_of_the_file(bare_pulser: Pulser) -> None:
    """Each of them, and no more."""
    found = await told(bare_pulser)
    assert found["oauth_config"]["scopes"] == {"bot": list(load(Path(FILE)).scopes.bot)}


async def test_sockets_need_no_address(bare_pulser: Pulser) -> None:
    """Without one nothing in the manifest is an address, and Socket Mode is on."""
    found = await told(bare_pulser)
    assert found["settings"]["socket_mode_enabled"] is True
    assert "http" not in json.dumps(found)


async def test_requests_go_to_the_functions_that_answer_them(bare_pulser: Pulser) -> None:
    """Commands and events to command-handler, buttons and forms to action-handler (docs/transport.md)."""
    found = await told(bare_pulser, "--http", "--functions-url", f"{AT}/")
    assert found["settings"]["socket_mode_enabled"] is False
    assert found["features"]["slash_commands"][0]["url"] == f"{AT}/command-handler"
    assert found["settings"]["event_subscriptions"]["request_url"] == f"{AT}/command-handler"
    assert found["settings"]["interactivity"] == {"is_enabled": True, "request_url": f"{AT}/action-handler"}


@pytest.mark.parametrize(
    ("arguments", "secret"), [((), "slack_app_token"), (("--http", "--functions-url", AT), "slack_signing_secret")]
)
async def test_the_rest_is_told_on_standard_error(bare_pulser: Pulser, arguments: tuple[str, ...], secret: str) -> None:
    """Which secrets come from where, by their names in Vault."""
    result = await bare_pulser("manifest", "--file", FILE, *arguments)
    assert secret in result.stderr
    assert "slack_bot_token" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("--http",), ("--functions-url", "http://project.example"), ("--name", ""), ("--name", "x" * 36)]
)
async def test_what_slack_would_refuse_is_refused_here(bare_pulser: Pulser, arguments: tuple[str, ...]) -> None:
    """With a sentence, and nothing on standard output."""
    result = await bare_pulser("manifest", "--file", FILE, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr
