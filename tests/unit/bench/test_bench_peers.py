"""What the peers are measured with."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess

import aiohttp
import pytest

from bench.peers.handlers import handlers
from bench.peers.load import Sent, as_many, at_rate, envelopes
from bench.peers.trouble import Watch
from bench.peers.world import PEERS
from bench.processes import family, taken
from bench.report.tables import SHOWN
from pulser.envelope import Envelope
from pulser_local.slack import SlackSimulator
from pulser_local.slack.socket_mode.envelope import Delivered


def test_a_process_and_its_children_are_accounted() -> None:
    """This one takes time and memory, and knows what it started."""
    with subprocess.Popen(["sleep", "60"]) as child:
        assert {os.getpid(), child.pid} <= set(family(os.getpid()))
        child.kill()
    mine = taken(os.getpid())
    assert mine.seconds > 0
    assert mine.peak_mb >= mine.mb / 2 > 5


def test_a_process_that_has_ended_takes_nothing() -> None:
    """And is no error."""
    with subprocess.Popen(["true"]) as child:
        child.wait()
    assert (taken(child.pid).mb, taken(child.pid).seconds) == (0.0, 0.0)


def test_half_of_the_envelopes_are_clicks_and_all_are_taken() -> None:
    """pulser takes each for a click or an event that a handler has, and none for another's twin."""
    slack = SlackSimulator()
    made = [Envelope.from_frame(it.to_json()) for it in itertools.islice(envelopes(slack), 20)]
    assert [it.handler for it in made] == ["action-handler", "command-handler"] * 10
    assert len({it.logical_key for it in made}) == 20
    assert {it.team_id for it in made} == {slack.team_id}


def test_what_has_no_ack_in_time_has_no_part_in_the_times() -> None:
    """It is counted by itself."""
    sent, (click, event) = Sent(), itertools.islice(envelopes(SlackSimulator()), 2)
    sent.add(click, Delivered(click.envelope_id, "acked", 0.002))
    sent.add(event, Delivered(event.envelope_id, "timeout", error="operation_timeout"))
    assert (sent.clicks, sent.events, sent.failed, sent.acked) == ([0.002], [], 1, 1)


async def test_without_anybody_connected_all_fail_at_once() -> None:
    """Both ways to send end in their time."""
    slack = SlackSimulator()
    assert (await at_rate(slack, 100, 0.05)).failed == 5
    assert (await as_many(slack, 0.01, at_once=2)).acked == 0


async def test_the_time_without_a_connection_is_watched() -> None:
    """Nobody is connected for all of it."""
    watch = Watch(SlackSimulator(), 100.0)
    async with watch.watching():
        await asyncio.sleep(0.1)
    figures = watch.figures()
    assert figures["without_s"] == pytest.approx(0.2, abs=0.15)
    assert figures["sent"] == figures["not_acked"] > 0


async def test_the_handlers_answer_each_request() -> None:
    """Also several on one connection, with and without a body."""
    async with handlers() as (url, rings), aiohttp.ClientSession() as http:
        for body in ({"team_id": "T1"}, None, {"envelopes": ["x" * 70_000]}):
            async with http.post(f"{url}/action-handler", json=body) as answer:
                assert (answer.status, await answer.text()) == (202, "{}")
    assert rings == [3]


def test_each_peer_has_a_name_for_people() -> None:
    """In the tables and the pictures."""
    assert set(PEERS) == set(SHOWN)
