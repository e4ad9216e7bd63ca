from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_handler import health_words as words
from command_handler.answer import BAD, GOOD, WARN
from command_handler.health_words import Finding
from tests.unit.command_handler.answers import NOW, at, lines, problems

QUIET: dict[str, Any] = {
    "oldest_pending_s": None,
    "overdue_s": 0,
    "pending_events": 0,
    "waiting_deliveries": 0,
    "in_doubt": 0,
    "dead_last_hour": 0,
}
CALM: dict[str, Any] = {"oldest_pending_s": None, "pending": 0, "failed_last_hour": 0}
UP: dict[str, Any] = {"transport": "socket", "live": 2, "ghosts": 0, "uptime_24h": 1.0, "last_gap": None}
GAP = {"from": at(hours=3), "to": at(hours=2), "seconds": 12.5}


def test_all_is_well() -> None:
    """The first line says so, and each part stands on a line."""
    told = words.health([Finding("Database", GOOD, "answers in 3 ms"), Finding("Vault", GOOD, "x")], NOW, 0.05)
    assert lines(told)[:3] == ["🟢 pulser is well", "🟢 *Database*: answers in 3 ms", "🟢 *Vault*: x"]
    assert problems(told) == []


def test_what_needs_attention_is_named_and_stands_first() -> None:
    """Who reads one line knows where to look; the fallback text tells what is wrong, too."""
    told = words.health([Finding("A", GOOD, "x"), Finding("B", WARN, "y"), words.unanswered("C", 1.4)], NOW, 1.4)
    assert lines(told)[:4] == [
        "🔴 2 of 3 need attention: C, B",
        "🔴 *C*: no answer within 1.4 s",
        "🟠 *B*: y",
        "🟢 *A*: x",
    ]
    assert told.text == "🔴 2 of 3 need attention: C, B. C: no answer within 1.4 s. B: y"


@pytest.mark.parametrize(("relay", "sign"), [(GOOD, WARN), (WARN, BAD), (BAD, BAD)])
def test_a_relay_may_run_elsewhere(relay: str, sign: str) -> None:
    """Where the relay is well, its function need not answer."""
    told = words.in_context([words.unanswered("socket-relay", 1), Finding("Relay", relay, "x")])
    assert [it.sign for it in told] == [sign, relay]


@pytest.mark.parametrize(
    ("status", "body", "sign", "told"),
    [
        (200, {"ok": True, "checks": {}}, GOOD, "answers in 12 ms"),
        (
            503,
            {"ok": False, "checks": {"database": {"ok": True}, "vault": {"ok": False, "message": "x is missing"}}},
            BAD,
            "vault: x is missing",
        ),
        (503, {"ok": False, "checks": {"vault": {"ok": False}}}, BAD, "vault is not well"),
        (503, {"ok": False, "message": "the environment is not complete"}, BAD, "the environment is not complete"),
        (503, {"ok": False}, BAD, "not well, HTTP 503"),
        (404, {"message": "no such function"}, BAD, "does not answer as a function of pulser does: HTTP 404"),
        (200, None, BAD, "does not answer as a function of pulser does: HTTP 200"),
        (200, ["ok"], BAD, "does not answer as a function of pulser does: HTTP 200"),
        (500, {"ok": True}, BAD, "not well, HTTP 500"),
    ],
)
def test_a_function(status: int, body: object, sign: str, told: str) -> None:
    """By its own health; of what is wrong, its own words."""
    assert words.of_function("f", status, body, 0.012) == Finding("f", sign, told)


@given(
    st.recursive(st.text() | st.none(), lambda it: st.dictionaries(st.sampled_from(["ok", "checks", "message"]), it))
)
def test_a_functions_words_are_inert(body: object) -> None:
    """Whatever answers at a function's address, it makes a message that Slack takes."""
    assert problems(words.health([words.of_function("f", 503, body, 1)], NOW, 1)) == []


@pytest.mark.parametrize(
    ("state", "sign", "told"),
    [
        ({}, GOOD, "none waiting"),
        ({"waiting_deliveries": 3, "pending_events": 1}, GOOD, "4 waiting"),
        ({"waiting_deliveries": 1000}, GOOD, "1,000 or more waiting"),
        ({"in_doubt": 2}, WARN, "2 in doubt"),
        ({"dead_last_hour": 3}, WARN, "3 given up in the last hour"),
        ({"overdue_s": 40.2, "waiting_deliveries": 2}, BAD, "2 waiting, overdue by 40 s"),
        ({"oldest_pending_s": 200, "pending_events": 2}, BAD, "2 waiting, overdue by 3 min"),
    ],
)
def test_messages(state: dict[str, Any], sign: str, told: str) -> None:
    """What waits is normal; what is overdue is not."""
    assert words.of_dispatch({**QUIET, **state}) == Finding("Messages", sign, told)


@pytest.mark.parametrize(
    ("state", "sign", "told"),
    [
        ({}, GOOD, "none waiting"),
        ({"pending": 2, "oldest_pending_s": 3}, GOOD, "2 waiting, the oldest for a few seconds"),
        ({"pending": 2, "oldest_pending_s": 90}, BAD, "2 waiting, the oldest for 1 min"),
        ({"failed_last_hour": 1}, WARN, "1 failed in the last hour"),
    ],
)
def test_clicks_and_commands(state: dict[str, Any], sign: str, told: str) -> None:
    """The same for what came from Slack."""
    assert words.of_envelopes({**CALM, **state}) == Finding("Clicks and commands", sign, told)


@pytest.mark.parametrize(
    ("state", "sign", "told"),
    [
        ({}, GOOD, "2 sockets up, up 100 % of the last 24 h"),
        (
            {"uptime_since": at(minutes=12)},
            GOOD,
            "2 sockets up, up 100 % of the last 12 min",
        ),
        ({"uptime_24h": 0.99999}, GOOD, "2 sockets up, up 99.99 % of the last 24 h"),
        ({"uptime_24h": None}, GOOD, "2 sockets up, up-time not measured yet"),
        ({"uptime_24h": 0.99}, WARN, "2 sockets up, up 99 % of the last 24 h"),
        ({"live": 1}, WARN, "1 socket up, two should be, up 100 % of the last 24 h"),
        ({"live": 0}, BAD, "no sockets up, two should be, up 100 % of the last 24 h"),
        ({"last_gap": GAP}, GOOD, "2 sockets up, up 100 % of the last 24 h, last gap 12 s, 2 h ago"),
        (
            {"last_gap": {**GAP, "to": None}, "live": 0},
            BAD,
            "no sockets up, two should be, up 100 % of the last 24 h, last gap 12 s, still open",
        ),
        (
            {"ghosts": 2},
            WARN,
            "2 sockets up, up 100 % of the last 24 h, 2 foreign connections take some of the clicks",
        ),
        ({"transport": "http", "live": 0}, GOOD, "switched off; Slack calls the functions over HTTP"),
    ],
)
def test_the_relay(state: dict[str, Any], sign: str, told: str) -> None:
    """Sockets, up-time against its goal, the last gap, foreign connections."""
    assert words.of_relay({**UP, **state}, NOW) == Finding("Relay", sign, told)
