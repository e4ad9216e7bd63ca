"""`pulser ledger` of a digest: what its message tells of can be listed, and each event can be told from the others."""

from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from tests.fixtures.postgres import Call
from tests.integration.cli.conftest import SENT, Pulser

Told = tuple[str, list[str]]


@pytest.fixture
async def told(call: Call) -> Told:
    """A digest of six events that stands in Slack: its id, and those of its events."""
    events = [
        await call(
            "append_event_v1",
            event_type="ci.failed",
            payload={"service": "api", "branch": f"branch-{number}", **({"title": "Lint"} if number == 5 else {})},
        )
        for number in range(6)
    ]
    claim = await call("claim_events_v1", worker="t", max_events=10, lease_seconds=30)
    routings: JsonValue = [
        {
            "event_id": event,
            "deliveries": [{"route": "t", "channel": "#ci", "fold_type": "ci.failed", "fold_service": "api"}],
        }
        for event in events
    ]
    await call("record_deliveries_v1", claim_token=claim["claim_token"], routings=routings)
    work = await call("claim_deliveries_v1", worker="t", max_deliveries=1, lease_seconds=30)
    [digest] = work["deliveries"]
    ids = {key: digest[key] for key in ("delivery_id", "claim_token")}
    await call("settle_delivery_v1", **ids, outcome=SENT)
    return digest["delivery_id"], events


@pytest.mark.parametrize("columns", [80, 120])
async def test_its_events_are_listed(pulser: Pulser, told: Told, columns: int) -> None:
    """The newest first, each with its type, service, title or branch, and the id that `show` takes; a line each."""
    digest, events = told
    result = await pulser("ledger", "list", "--digest", digest[:8], columns=columns)
    header, *lines = result.stdout.splitlines()
    assert header.split() == ["Event", "Service", "About", *(["Came"] if columns > 100 else []), "ID"]
    about = ["Lint", *(f"branch-{number}" for number in range(4, -1, -1))]
    assert [line.split()[:3] for line in lines] == [["ci.failed", "api", it] for it in about]
    assert [line.split()[-1] for line in lines] == events[::-1]
    assert all(len(line) <= columns for line in lines)


async def test_a_narrow_terminal_shortens_ids_and_a_pipe_has_all(pulser: Pulser, told: Told) -> None:
    """As every table does: what an event is about is never cut."""
    digest, events = told
    narrow = (await pulser("ledger", "list", "--digest", digest, columns=50)).stdout
    assert [line.split()[-1] for line in narrow.splitlines()[1:]] == [it[:8] for it in events[::-1]]
    piped = (await pulser("ledger", "list", "--digest", digest, COLUMNS="")).stdout
    assert piped.split("\n")[0].split() == ["Event", "Service", "About", "Came", "ID"]
    assert [line.split()[-1] for line in piped.splitlines()[1:]] == events[::-1]


async def test_other_options_narrow_it(pulser: Pulser, told: Told) -> None:
    """And where there may be more, that is said."""
    digest, events = told
    some = await pulser("ledger", "list", "--digest", digest.upper(), "--limit", "2")
    assert events[3] not in some.stdout
    assert some.stdout.endswith("The newest 2; --limit and --event-type show others.\n")
    none = await pulser("ledger", "list", "--digest", digest, "--event-type", "ci.passed")
    assert none.stdout == "No events: there is no such digest, or the other options leave none of it.\n"


async def test_it_speaks_json(pulser: Pulser, told: Told) -> None:
    """As the list of all deliveries does."""
    digest, events = told
    listed = json.loads((await pulser("ledger", "list", "--json", "--digest", digest)).stdout)
    assert [(it["event_id"], it["service"]) for it in listed] == [(event, "api") for event in events[::-1]]


@pytest.mark.parametrize("given", ["1b4e28b", "not-hexadecimal", "1b4e28ba-2fa1-41d2-883f-0016d3cca427-0", ""])
async def test_what_is_no_digest_is_refused(pulser: Pulser, given: str) -> None:
    """Exit code 2, and what one looks like."""
    result = await pulser("ledger", "list", "--digest", given)
    assert (result.exit_code, "is not the ID of a digest" in result.stderr) == (2, True)


async def test_show_says_of_how_many_it_tells_and_how_to_list_them(pulser: Pulser, told: Told) -> None:
    """Of the digest; what is told in it names the digest."""
    digest, events = told
    whole = (await pulser("ledger", "show", digest, columns=200)).stdout
    assert f"its message tells of 6 events: `pulser ledger list --digest {digest[:8]}` lists them" in whole
    assert f"told in the message of {digest}" in (await pulser("ledger", "show", events[1], columns=200)).stdout


async def test_the_list_tells_folded_events_apart(pulser: Pulser, told: Told) -> None:
    """Service, and title or branch, before the digest that it is in."""
    digest, _ = told
    lines = (await pulser("ledger", "list", columns=200)).stdout.splitlines()
    assert f"ci.failed · api · Lint · in digest {digest[:8]}" in lines[1]
    assert f"ci.failed · api · branch-0 · in digest {digest[:8]}" in lines[6]
