"""`pulser demo`, as a person or CI runs it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from notify_dispatch.route import Route
from pulser_local.demo import Demo
from pulser_local.demo_events import DEMO_EVENTS, DemoEvent
from pulser_local.dev import LocalStack
from pulser_local.stack_options import StackOptions

PULSER = Path(sys.executable).with_name("pulser")


async def test_the_demo_succeeds_from_nothing(tmp_path: Path) -> None:
    """`pulser demo --json` exits 0, and each type of event arrived once."""
    process = await asyncio.create_subprocess_exec(
        *(str(PULSER), "demo", "--json"), cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), timeout=60)
    assert process.returncode == 0, errors.decode()
    report = json.loads(output)
    assert [event["event_type"] for event in report["events"]] == [event.event_type for event in DEMO_EVENTS]


async def test_the_demo_leaves_no_file(tmp_path: Path) -> None:
    """The demo writes nothing into the folder it is run in."""
    process = await asyncio.create_subprocess_exec(
        *(str(PULSER), "demo", "--json"), cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    await asyncio.wait_for(process.communicate(), timeout=60)
    assert os.listdir(tmp_path) == []


async def test_a_missing_channel_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event whose channel does not exist is a problem that tells its dispatch, attempts and reason."""
    monkeypatch.setattr("pulser_local.demo.DEADLINE", 3.0)
    route = Route(name="default", position=1, minimum_severity="error", channel="C0NOWHERE1", is_default=True)
    routes = [route.model_dump(mode="json", by_alias=True)]
    event = DemoEvent("ci.failed", ("nowhere",), "ci", "shop-web", {"title": "2 checks failed"}, status="error")
    async with LocalStack(StackOptions(port=0, routes=routes)) as stack:
        report = await Demo(stack, events=(event,)).run()
    assert not report.ok
    assert "channel_not_found" in report.problems[0]
