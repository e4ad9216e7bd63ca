from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from tests.fixtures.postgres import Call, Connection
from tests.integration.cli.conftest import Bring, Pulser
from tests.integration.schema.ageing import age
from tests.integration.schema.helpers import Session

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("columns", [80, 120, 200])
async def test_the_list_fits_the_terminal(pulser: Pulser, bring: Bring, columns: int) -> None:
    """What is too long is wrapped, not cut, and ids are short then; in a pipe both are whole."""
    sent = await bring("sent", "#a", event_type="a.very.long.type.of.event." + "x" * 200)
    dead = await bring("dead", "#b")
    lines = (await pulser("ledger", "list", columns=columns)).stdout.splitlines()
    short = [dead["delivery_id"][:8], sent["delivery_id"][:8]]
    assert [line.split()[-1] for line in lines if line.endswith(tuple(short))] == short
    assert all(len(line) <= columns for line in lines)
    assert sum(line.count("x") for line in lines) == 200
    whole = (await pulser("ledger", "list", COLUMNS="")).stdout.splitlines()
    assert [line.split()[-1] for line in whole if "-" in line] == [dead["delivery_id"], sent["delivery_id"]]
    assert any("x" * 200 in line for line in whole)


@pytest.mark.parametrize("columns", [80, 120, 200])
async def test_the_list_tells_why(pulser: Pulser, bring: Bring, columns: int) -> None:
    """The reason of a delivery in trouble is seen at any width."""
    await bring("dead", "#b", event_type="error_rate.exceeded")
    assert "reason_of_dead" in (await pulser("ledger", "list", columns=columns)).stdout


async def test_a_wide_list_tells_all(pulser: Pulser, bring: Bring) -> None:
    """With room, there are channel, latency, tries and route too."""
    await bring("sent", "#ops-ci")
    header, line = (await pulser("ledger", "list", columns=200)).stdout.splitlines()
    assert header.split() == ["When", "Status", "Event", "Channel", "Latency", "Tries", "Route", "Why", "Delivery"]
    assert "#ops-ci" in line


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--status", "dead"], ["#b"]),
        (["--channel", "#a"], ["#a"]),
        (["--channel", "a"], ["#a"]),
        (["--event-type", "ci.passed"], ["#c"]),
        (["--since", "1h"], ["#c", "#b", "#a"]),
        (["--limit", "1"], ["#c"]),
        (["--status", "sent", "--channel", "#b"], []),
    ],
)
async def test_filters(pulser: Pulser, bring: Bring, options: list[str], found: list[str]) -> None:
    """Each option narrows the list; the newest comes first."""
    await bring("sent", "#a")
    await bring("dead", "#b")
    await bring("queued", "#c", event_type="ci.passed")
    result = await pulser("ledger", "list", "--json", *options)
    assert [delivery["channel"] for delivery in json.loads(result.stdout)] == found


async def test_an_empty_list_says_so(pulser: Pulser) -> None:
    """No deliveries is an answer, not an empty screen."""
    assert (await pulser("ledger", "list")).stdout == "No deliveries.\n"


@pytest.mark.parametrize("span", ["yesterday", "1 fortnight", "-1h", "h"])
async def test_an_odd_span_is_refused(pulser: Pulser, span: str) -> None:
    """--since takes a number and a unit."""
    result = await pulser("ledger", "list", f"--since={span}")
    assert (result.exit_code, "is not a span of time" in result.stderr) == (2, True)


@pytest.mark.parametrize("identifier", ["event_id", "delivery_id"])
async def test_show_takes_either_id(pulser: Pulser, bring: Bring, identifier: str) -> None:
    """The story is found by the event's id and by the delivery's."""
    ids = await bring("sent", "#ops-ci")
    result = await pulser("ledger", "show", ids[identifier], "--json")
    assert json.loads(result.stdout)["event"]["event_id"] == ids["event_id"]


async def test_show_tells_the_whole_story(pulser: Pulser, bring: Bring) -> None:
    """Event, payload, routing, message and attempts are all there."""
    ids = await bring("sent", "#ops-ci", actor="ana", payload={"title": "two\nlines"})
    told = (await pulser("ledger", "show", ids["event_id"])).stdout
    for expected in (
        "ci.failed",
        ids["event_id"],
        "ana",
        "two\\nlines",
        "routed",
        "#ops-ci",
        "1700000000.000100",
        "post",
    ):
        assert expected in told


async def test_show_tells_what_went_wrong(pulser: Pulser, bring: Bring) -> None:
    """A failed delivery's reason, error and next try."""
    ids = await bring("failed", "#ops-ci")
    told = (await pulser("ledger", "show", ids["delivery_id"])).stdout
    for expected in ("reason_of_failed", "told so", "next try", "in 59 min"):
        assert expected in told


async def test_show_tells_where_to_ask_why_an_event_went_nowhere(pulser: Pulser, call: Call) -> None:
    """An event without deliveries names the command that explains it, fit for a shell."""
    event_id = await call("append_event_v1", event_type="a; b")
    events = await call("claim_events_v1", worker="t", max_events=10, lease_seconds=30)
    routings: JsonValue = [{"event_id": event_id, "deliveries": []}]
    await call("record_deliveries_v1", claim_token=events["claim_token"], routings=routings)
    told = (await pulser("ledger", "show", event_id)).stdout
    assert told.endswith("No deliveries. Where such an event goes, and why: pulser routes explain 'a; b'\n")


async def test_a_delivery_cannot_steer_the_terminal(pulser: Pulser, bring: Bring) -> None:
    """Control characters in an event are not passed on to the terminal."""
    ids = await bring("sent", "#ops-ci", actor="\x1b[2Jana", event_type="a\x1b]0;owned\x07.b")
    told = (await pulser("ledger", "show", ids["event_id"])).stdout + (await pulser("ledger", "list")).stdout
    assert "\x1b" not in told


async def test_an_unknown_id_is_not_found(pulser: Pulser) -> None:
    """Exit code 1 and a line that says so."""
    result = await pulser("ledger", "show", NOBODY)
    said = f"Error: no event or delivery has the id {NOBODY}; a delivery is kept for 90 days\n"
    assert (result.exit_code, result.stderr) == (1, said)
    unknown = await pulser("ledger", "show", "00000000-0")
    assert (unknown.exit_code, unknown.stderr) == (
        1,
        "Error: no event or delivery has an id that begins with 00000000-0\n",
    )
    for_a_retry = await pulser("ledger", "retry", "00000000")
    assert for_a_retry.stderr == "Error: no delivery has an id that begins with 00000000\n"


async def test_the_first_digits_are_enough(pulser: Pulser, bring: Bring) -> None:
    """Of an event, as its message shows them, or of a delivery; of a delivery alone for another try."""
    ids = await bring("dead", "#ops-ci")
    whole = json.loads((await pulser("ledger", "show", ids["event_id"], "--json")).stdout)
    for beginning in (ids["event_id"][:8], ids["delivery_id"][:8], ids["event_id"][:13].upper()):
        shown = await pulser("ledger", "show", beginning, "--json")
        assert json.loads(shown.stdout)["event"] == whole["event"]
    refused = await pulser("ledger", "retry", ids["event_id"][:8])
    assert "no delivery has an id that begins with" in refused.stderr
    assert (await pulser("ledger", "retry", ids["delivery_id"][:8])).stdout == "It is due now.\n"


async def test_several_ids_that_begin_so_are_listed(pulser: Pulser, call: Call, connection: Connection) -> None:
    """Both, and no story of either."""
    ids = [f"171b5242-0000-4000-8000-00000000000{n}" for n in (1, 2)]
    for it in ids:
        await connection.execute("insert into ops.platform_events (event_id, event_type) values ($1, 'ci.failed')", it)
    said = f"several ids begin with 171b5242: event {ids[0]}, event {ids[1]}"
    for command in (["ledger", "show"], ["why"]):
        result = await pulser(*command, "171b5242")
        assert (result.exit_code, result.stderr) == (1, f"Error: {said}\n")
    assert (await pulser("ledger", "show", ids[0][:-1] + "2")).exit_code == 0
    assert await call("ids_beginning_v1", beginning="171b5242-0000-4000-8000-000000000002") == []


@pytest.mark.parametrize("command", ["show", "retry"])
async def test_what_is_no_id_is_refused(pulser: Pulser, command: str) -> None:
    """Exit code 2, and what an id looks like."""
    result = await pulser("ledger", command, "1b4e")
    assert (result.exit_code, "'1b4e' is not an ID" in result.stderr) == (2, True)


async def test_a_dead_delivery_is_tried_again(pulser: Pulser, bring: Bring, call: Call) -> None:
    """Retry queues a dead delivery."""
    ids = await bring("dead", "#ops-ci")
    result = await pulser("ledger", "retry", ids["delivery_id"])
    assert (result.exit_code, result.stdout) == (0, "It is due now.\n")
    [delivery] = await call("list_deliveries_v1", filter={"channel": "#ops-ci"})
    assert delivery["status"] == "queued"


async def test_a_sent_delivery_is_not_tried_again(pulser: Pulser, bring: Bring) -> None:
    """What is in Slack stays there once; the command says why it did nothing."""
    ids = await bring("sent", "#ops-ci")
    result = await pulser("ledger", "retry", ids["delivery_id"])
    assert (result.exit_code, result.stderr) == (1, "Error: not retried: it is in Slack\n")


async def test_retry_speaks_json(pulser: Pulser) -> None:
    """With --json the database's answer is printed, and the exit code tells the same."""
    result = await pulser("ledger", "retry", NOBODY, "--json")
    assert (result.exit_code, json.loads(result.stdout)["retried"]) == (1, False)


async def test_an_event_whose_story_is_not_kept_says_so(pulser: Pulser, bring: Bring, connection: Connection) -> None:
    """`show` and `why` tell what it said, and that nothing is known of what became of it."""
    ids = await bring("dead", "#ops-ci")
    await connection.execute(
        "update ops.event_dispatches set status = 'unrouted', routed_at = now() where status = 'pending'"
    )
    await age(Session(connection))
    assert await connection.fetchval("select ops.prune_ledger_v1()") == 2
    shown = (await pulser("ledger", "show", ids["event_id"])).stdout
    assert shown.endswith("What became of it is not kept: it is older than 90 days.\n")
    why = (await pulser("why", ids["event_id"], columns=200)).stdout
    assert why.endswith("It is older than what the ledger keeps, 90 days: nothing is known of what became of it.\n")
    unknown = await pulser("why", ids["delivery_id"])
    assert "a delivery is kept for 90 days, an envelope 30" in unknown.stderr
    assert (await pulser("ledger", "list")).stdout == "No deliveries.\n"
