"""`pulser preview`: what would be posted where, without a database and without Slack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulser_local.slack import SlackSimulator
from tests.integration.cli.conftest import Pulser
from tests.integration.notify_dispatch.conftest import Bench, bench
from tests.proof.shown import messages_of
from tests.repository.tree import ROOT

__all__ = ["bench"]

FILE = str(ROOT / "ssot" / "integrations" / "slack" / "pulser.yaml")


async def told(pulser: Pulser, *arguments: str) -> dict[str, Any]:
    result = await pulser("preview", "--file", FILE, "--json", *arguments)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


async def test_an_event_is_shown_with_its_channel(bare_pulser: Pulser) -> None:
    """The header, the facts and the buttons stand there as Slack would show them."""
    result = await bare_pulser("preview", "ci.failed", "--service", "api", "--title", "2 of 96 failed", "--file", FILE)
    assert result.exit_code == 0, result.output
    assert "#ops-ci (route ci)" in result.stdout
    assert all(it in result.stdout for it in ("api", "2 of 96 failed", "[ Acknowledge ]", "[ Investigate ]"))


async def test_who_is_mentioned_differs_by_channel(bare_pulser: Pulser) -> None:
    """One message for each mention, each with its channels."""
    found = await told(bare_pulser, "deploy.failed", "--severity", "critical")
    channels = [[(one["channel"], one["mention"]) for one in it["channels"]] for it in found["messages"]]
    assert channels == [[("#ops-alerts", "here")], [("#ops-deploy", None)]]


async def test_what_goes_nowhere_says_so_and_ends_with_1(bare_pulser: Pulser) -> None:
    """The message is shown all the same."""
    result = await bare_pulser("preview", "slack.command", "--file", FILE)
    assert (result.exit_code, "nowhere: no route takes it" in result.stdout) == (1, True)
    assert (await told(bare_pulser, "slack.command"))["messages"] == []


async def test_the_blocks_are_those_that_are_posted(
    bare_pulser: Pulser, bench: Bench, simulator_unlimited: SlackSimulator
) -> None:
    """The same event written for real: the same header, texts and buttons, down to the escaping of what it brings."""
    payload = json.dumps({"service": "api", "summary": "<!channel> & co", "title": "2 of 96 failed"})
    found = await told(bare_pulser, "ci.failed", "--payload", payload, "--actor", "ci")
    event = {"event_type": "ci.failed", "payload": json.loads(payload), "actor": "ci", "status": "error"}
    event_id = await bench.ledger.call("append_event_v1", event)
    await bench.drain()
    [posted] = messages_of(simulator_unlimited, str(event_id))
    assert "&lt;!channel&gt; &amp; co" in json.dumps(posted.to_json()["blocks"])
    assert _lasting(found["messages"][0]["blocks"]) == _lasting(posted.to_json()["blocks"])


def _lasting(blocks: list[dict[str, Any]]) -> list[Any]:
    """The blocks but for what is of one message alone: the signed values, and the last line with its time and ids."""
    drawn = json.loads(json.dumps(blocks[:-1]))
    for block in drawn:
        block.pop("block_id", None)
        for element in block.get("elements", []):
            for signed in (element, *element.get("options", [])):
                signed.pop("value", None)
    return list(drawn)


async def test_no_event_steers_the_terminal(bare_pulser: Pulser) -> None:
    """Escape sequences of a payload are not passed on."""
    result = await bare_pulser("preview", "ci.failed", "--title", "\x1b[2Jgone\x07", "--file", FILE)
    assert "gone" in result.stdout
    assert not {"\x1b", "\x07"} & set(result.stdout)


@pytest.mark.parametrize(
    "arguments", [["", "--file", FILE], ["ci.failed", "--payload", "{"], ["a.b", "-f", "/nowhere"]]
)
async def test_what_is_called_wrongly_ends_with_2(bare_pulser: Pulser, arguments: list[str]) -> None:
    """And says how."""
    result = await bare_pulser("preview", *arguments)
    assert (result.exit_code, result.stderr != "") == (2, True)
