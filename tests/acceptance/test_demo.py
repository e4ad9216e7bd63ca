"""`pulser demo`, as a person or CI runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from notify_dispatch.route import Route
from pulser_local.demo import Demo
from pulser_local.demo_events import DEMO_EVENTS, DemoEvent
from pulser_local.dev import LocalStack
from pulser_local.stack_options import StackOptions

PULSER = Path(sys.executable).with_name("pulser")


@dataclass(frozen=True, slots=True)
class Ran:
    """A `pulser demo --json` that has ended."""

    exit_code: int
    output: str
    errors: str
    left: list[str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The demo, run once in an empty folder for all tests here."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [PULSER, "demo", "--json"], cwd=folder, capture_output=True, text=True, timeout=90, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr, os.listdir(folder))


def test_the_demo_succeeds_from_nothing(demo: Ran) -> None:
    """`pulser demo --json` exits 0 and finds nothing wrong."""
    assert demo.exit_code == 0, demo.errors
    assert json.loads(demo.output)["problems"] == []


def test_each_event_stands_where_it_belongs(demo: Ran) -> None:
    """The report has one message for each event and each of its channels."""
    shown = [(event["event_type"], event["channel"]) for event in json.loads(demo.output)["events"]]
    expected = [(event.event_type, f"#{channel}") for event in DEMO_EVENTS for channel in event.channels]
    assert sorted(shown) == sorted(expected)


def test_each_deed_is_answered(demo: Ran) -> None:
    """Acknowledge, the commands, the modal and the approval: each was seen, and each ack came within Slack's 3 s."""
    acts = json.loads(demo.output)["acts"]
    assert [(act["what"], act["problem"]) for act in acts] == [
        ("presses acknowledge", None),
        ("/pulser status", None),
        ("/pulser health", None),
        ("/pulser deploy api", None),
        ("submits it", None),
        ("presses approve", None),
        ("presses approve", None),
        ("deploys", None),
    ]


def test_the_storm_is_seen_within_five_seconds(demo: Ran) -> None:
    """A thousand events in few messages, each event in one, no two of a channel within a second."""
    storm = json.loads(demo.output)["storm"]
    assert (storm["events"], storm["problems"]) == (1000, [])
    assert storm["digests"] > 0
    assert storm["messages"] < 100


def test_the_permalinks_open_the_page(demo: Ran) -> None:
    """Each message's permalink is an address of the console."""
    links = [event["permalink"] for event in json.loads(demo.output)["events"]]
    assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+/archives/C\w+/p\d{16}", link) for link in links)


def test_the_demo_leaves_no_file(demo: Ran) -> None:
    """The demo writes nothing into the folder it is run in."""
    assert demo.left == []


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
