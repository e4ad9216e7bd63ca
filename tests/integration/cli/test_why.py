"""`pulser why`: from the ledger to the terminal, whatever one asks by."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulser_local.slack import SlackSimulator
from pulser_local.slack.faults import Fault
from tests.fixtures.postgres import Call
from tests.integration.cli.conftest import Bring, Pulser
from tests.integration.notify_dispatch.conftest import Bench, bench

__all__ = ["bench"]

NOBODY = "00000000-0000-4000-8000-000000000000"


async def told(pulser: Pulser, *asked: str) -> dict[str, Any]:
    """The story as JSON."""
    result = await pulser("why", *asked, "--json")
    assert result.exit_code == 0, result.stderr
    story: dict[str, Any] = json.loads(result.stdout)
    return story


def whats(story: dict[str, Any]) -> list[str]:
    return [it["what"] for it in story["moments"]]


async def test_a_message_has_one_story_whatever_one_asks_by(pulser: Pulser, bring: Bring) -> None:
    """The event's id, the delivery's, a link, a channel and a ts."""
    ids = await bring("sent", "#ops-ci")
    by_event = await told(pulser, ids["event_id"])
    link = "https://acme.slack.com/archives/C0000000001/p1700000000000100?thread_ts=1700000000.000100&cid=C0000000001"
    for asked in ([ids["delivery_id"]], [link], ["C0000000001", "1700000000.000100"]):
        story = await told(pulser, *asked)
        assert story["moments"] == by_event["moments"]
        assert story["ids"] == ids
    assert whats(by_event)[-1] == "Posted to #ops-ci"


@pytest.mark.parametrize("columns", [80, 120])
async def test_the_timeline_fits_the_terminal_and_ends_with_how_it_stands(
    pulser: Pulser, bring: Bring, columns: int
) -> None:
    """Each line within its width; the last words say where the message is."""
    ids = await bring("sent", "#ops-ci", payload={"title": "мониторинг " * 30})
    lines = (await pulser("why", ids["event_id"], columns=columns)).stdout.splitlines()
    assert all(len(line.rstrip()) <= columns for line in lines)
    assert "It stands in #ops-ci since" in " ".join(lines[-2:])


async def test_a_dead_delivery_says_how_to_go_on(pulser: Pulser, bring: Bring) -> None:
    """Why it is dead, and the command that tries it again."""
    ids = await bring("dead", "#ops-ci")
    story = await told(pulser, ids["event_id"])
    assert story["now"] == (
        f"It is dead because reason_of_dead: told so; `pulser ledger retry {ids['delivery_id']}` tries it again."
    )


async def test_a_retried_delivery_says_that_somebody_asked(pulser: Pulser, bring: Bring) -> None:
    """Between the attempt that failed for good and the next one."""
    ids = await bring("dead", "#ops-ci")
    assert (await pulser("ledger", "retry", ids["delivery_id"])).exit_code == 0
    assert whats(await told(pulser, ids["delivery_id"]))[-1] == "Somebody asked for another try"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            NOBODY,
            f"no event, delivery or envelope has the id {NOBODY}; a delivery is kept for 90 days, an envelope 30.",
        ),
        ("no-such-envelope", "no event, delivery or envelope has the id no-such-envelope."),
        ("171b5242", "no event, delivery or envelope has an id that begins with 171b5242."),
        ("171b52", "no event, delivery or envelope has the id 171b52; of an id, the first 8 digits are needed."),
        (
            "https://a.slack.com/archives/C0000000009/p1700000000000100",
            (
                "there is no message 1700000000.000100 of pulser's in C0000000009 that the ledger knows; "
                "it keeps them for 90 days."
            ),
        ),
        (
            "https://a.slack.com/archives/C0000000009/p4000000000000100",
            "there is no message 4000000000.000100 of pulser's in C0000000009 that the ledger knows.",
        ),
    ],
)
async def test_what_the_ledger_does_not_know(pulser: Pulser, asked: str, said: str) -> None:
    """Exit code 1, what was looked for, and what is accepted; how long it is kept where that may be why."""
    result = await pulser("why", asked)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {said} pulser why takes the id of an event, a delivery or an envelope")


@pytest.mark.parametrize("typed", ["{}", "event {}", "{}-", "{}?"])
async def test_the_digits_that_a_message_shows_are_enough(pulser: Pulser, bring: Bring, typed: str) -> None:
    """The first 8 of the id, as the small print has them, or more; in capitals too."""
    ids = await bring("sent", "#ops-ci")
    whole = (await told(pulser, ids["event_id"]))["ids"]
    assert (await told(pulser, typed.format(ids["event_id"][:13].upper())))["ids"] == whole
    assert (await told(pulser, typed.format(ids["event_id"][:8])))["ids"] == whole
    by_delivery = await told(pulser, ids["delivery_id"][:8])
    assert by_delivery == await told(pulser, ids["delivery_id"])


@pytest.mark.parametrize("asked", [["what", "is", "this"], ["C0000000009"], ["https://example.com/"], [""], ["удали"]])
async def test_what_is_no_id_is_refused(pulser: Pulser, asked: list[str]) -> None:
    """Exit code 2, and what is accepted."""
    result = await pulser("why", *asked)
    assert (result.exit_code, "pulser why takes the id of an event" in result.stderr) == (2, True)


async def test_nothing_is_a_wrong_usage(pulser: Pulser) -> None:
    """As of every command."""
    assert (await pulser("why")).exit_code == 2


async def test_a_story_cannot_steer_the_terminal(pulser: Pulser, call: Call) -> None:
    """Control characters of an event, right-to-left overrides and markup are text, or gone; secrets are redacted."""
    evil = "\x1b[2J\u202e[bold]x[/nope] xoxb-1234567890-SENTINEL"
    event_id = await call("append_event_v1", event_type=f"x{evil}", actor=evil, payload={"title": evil})
    result = await pulser("why", event_id)
    assert result.exit_code == 0
    assert not {"\x1b", "\u202e"} & set(result.stdout)
    assert "SENTINEL" not in result.stdout


async def test_why_a_route_took_it_is_told_when_the_routes_are_others_by_now(bench: Bench, pulser: Pulser) -> None:
    """The reason of then, from the dispatcher itself."""
    await bench.route({"event_pattern": "ci.*", "minimum_severity": "warning", "channel": "#ops-ci"})
    taken, left = await bench.emit(), await bench.emit("nothing.special")
    await bench.drain()
    await bench.route({"event_pattern": "*", "channel": "#general"})
    [moment] = [it for it in (await told(pulser, taken))["moments"] if it["what"].startswith("Route")]
    assert moment["detail"] == "type ci.failed matches ci.*, severity error is at least warning"
    story = await told(pulser, left)
    assert [(it["what"], it["detail"]) for it in story["moments"][-2:]] == [
        ("Route r0 did not take it", "type nothing.special is not ci.*"),
        ("Route default did not take it", "default route: for severity error and above, not info"),
    ]
    assert story["now"] == "It went nowhere: no route took it."


async def test_a_doubt_is_told_from_the_break_to_the_find(
    bench: Bench, pulser: Pulser, simulator_unlimited: SlackSimulator
) -> None:
    """The connection broke after Slack had taken the message: it is looked for, and found."""
    simulator_unlimited.faults.add(Fault(method="chat.postMessage", kind="reset_after", times=1))
    event_id = await bench.emit()
    await bench.drain()
    assert "It is in doubt (connection_lost)" in (await told(pulser, event_id))["now"]
    await bench.pass_time(15)
    await bench.drain()
    story = await told(pulser, event_id)
    happened = [it for it in whats(story) if not it.startswith("Waited")]  # a slow machine waits for more
    assert happened[-2:] == [
        "The post is in doubt: connection_lost",
        "Found in Slack's history: adopted, not posted again",
    ]
    assert "where it was found" in story["now"]


async def test_slacks_hold_is_told_while_it_lasts(
    bench: Bench, pulser: Pulser, simulator_unlimited: SlackSimulator
) -> None:
    """One channel met it, the other waits because of it."""
    simulator_unlimited.faults.add(Fault(method="chat.postMessage", kind="rate_limited", retry_after="30", times=1))
    first = await bench.emit()
    await bench.drain()
    assert (await told(pulser, first))["now"].startswith("It waits for Slack, which holds chat.postMessage back")
    other = await bench.emit("x.failed")
    await bench.drain()
    assert (await told(pulser, other))["now"].startswith("It waits for Slack, which holds chat.postMessage back")


async def test_a_deed_is_told_with_its_card(bench: Bench, pulser: Pulser) -> None:
    """Who asked for a deploy, what was posted, and the update after it was approved."""
    await bench.route({"event_pattern": "deploy.*", "channel": "#ops-deploy"})
    asked = {"event": "main", "service": "api", "environment": "production", "release": "1.2", "phase": "requested"}
    card = (await bench.act("deploy.requested", {"service": "api"}, new_card={**asked, "state": {}}))["card"]
    await bench.drain()
    changed = {"card_id": card["card_id"], "version": 1, "kind": "deploy", "phase": "rejected", "state": {}}
    await bench.act("deploy.rejected", {"card_id": card["card_id"]}, card=changed)
    await bench.drain()
    story = await told(pulser, card["card_id"])
    expected = [
        "deploy.requested was written",
        "Posted to #ops-deploy",
        "It counted: rejected",
        "The message was changed in place",
    ]
    assert [it for it in whats(story) if it in expected] == expected
    assert story["moments"][0]["who"] == {"user": "U0ALICE001", "name": None}
    assert ", rejected (message" in story["now"]
