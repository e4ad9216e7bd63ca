"""SlackApi against a Slack that fails: every way has its error, and nothing is tried twice behind our back."""

from __future__ import annotations

import asyncio

import pytest

from pulser.errors import (
    SlackHeld,
    SlackInDoubt,
    SlackRefused,
)
from pulser.slack import SlackApi
from pulser.slack_errors import DEFAULT_RETRY_AFTER
from pulser_local.slack import SlackSimulator
from pulser_local.slack.faults import Fault
from tests.contract.fake_slack import Answer, answering, cut_short, fixed
from tests.contract.slack_client import POST, client, messages, refusal
from tests.unit.shared.fake_database import FakeDatabase

FAULTS = [
    pytest.param(Fault(kind="reset_before"), (SlackInDoubt, "connection_lost"), 0, id="reset before"),
    pytest.param(Fault(kind="reset_after"), (SlackInDoubt, "connection_lost"), 1, id="reset after"),
    pytest.param(Fault(kind="internal_error_after"), (SlackInDoubt, "internal_error"), 1, id="internal error after"),
    pytest.param(Fault(kind="garbage"), (SlackInDoubt, "unreadable_answer"), 0, id="garbage"),
    pytest.param(Fault(kind="garbage", stored=True), (SlackInDoubt, "unreadable_answer"), 1, id="garbage after"),
    pytest.param(Fault(kind="http_status", status=500), (SlackInDoubt, "http_500"), 0, id="500"),
    pytest.param(Fault(kind="http_status", status=502), (SlackInDoubt, "http_502"), 0, id="502"),
    pytest.param(Fault(kind="http_status", status=503), (SlackHeld, "http_503"), 0, id="503"),
    pytest.param(
        Fault(kind="http_status", status=503, body="json"), (SlackHeld, "service_unavailable"), 0, id="503 of Slack"
    ),
    pytest.param(Fault(kind="http_status", status=504), (SlackInDoubt, "http_504"), 0, id="504"),
    pytest.param(Fault(kind="slack_error", error="fatal_error"), (SlackInDoubt, "fatal_error"), 0, id="fatal error"),
    pytest.param(Fault(kind="slack_error", error="is_archived"), (SlackRefused, "is_archived"), 0, id="archived"),
    pytest.param(Fault(kind="slack_error", error="invalid_blocks"), (SlackRefused, "invalid_blocks"), 0, id="our bug"),
    pytest.param(Fault(kind="slack_error", error="unheard_of"), (SlackRefused, "unheard_of"), 0, id="unheard of"),
    pytest.param(Fault(kind="rate_limited"), (SlackHeld, "ratelimited"), 0, id="429"),
]


@pytest.mark.parametrize(("fault", "meaning", "stored"), FAULTS)
async def test_each_way_to_fail_has_its_error(
    slack_api: SlackApi, simulator_unlimited: SlackSimulator, fault: Fault, meaning: tuple[type, str], stored: int
) -> None:
    """The error's class and reason tell what may have happened to the post."""
    simulator_unlimited.faults.add(fault)
    error = await refusal(slack_api)
    assert (type(error), error.reason) == meaning
    assert len(messages(simulator_unlimited)) == stored


@pytest.mark.parametrize("fault", [it.values[0] for it in FAULTS], ids=[it.id for it in FAULTS])
async def test_nothing_is_tried_again_behind_our_back(
    slack_api: SlackApi, simulator_unlimited: SlackSimulator, fault: Fault
) -> None:
    """One call is one request, however it fails: to try again is the ledger's decision."""
    simulator_unlimited.faults.add(fault)
    await refusal(slack_api)
    assert len(simulator_unlimited.calls) == 1


@pytest.mark.parametrize("stored", [0, 1])
async def test_a_stall_is_in_doubt(
    simulator_unlimited: SlackSimulator, vault_database: FakeDatabase, stored: int
) -> None:
    """Without an answer in time the post may be there or not."""
    simulator_unlimited.faults.add(Fault(kind="stall", stored=bool(stored)))
    async with client(simulator_unlimited.api_url, vault_database, patience=0.3) as slack_api:
        error = await refusal(slack_api)
    assert (type(error), error.reason) == (SlackInDoubt, "timeout")
    assert len(messages(simulator_unlimited)) == stored


async def test_a_stall_holds_up_nobody_else(slack_api: SlackApi, simulator_unlimited: SlackSimulator) -> None:
    """While one call gets no answer, others do."""
    simulator_unlimited.faults.add(Fault(kind="stall", channel="ops-ci", stored=True))
    stalled = asyncio.create_task(slack_api.call("chat.postMessage", **POST))
    async with simulator_unlimited.workspace.subscribe() as changes:
        await changes.get()
    answer = await slack_api.call("chat.postMessage", channel="#ops-deploy", text="hello")
    assert (answer["ok"], stalled.done()) == (True, False)
    simulator_unlimited.faults.clear()
    await stalled


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30.0), ("0", 1.0), (None, DEFAULT_RETRY_AFTER), ("abc", DEFAULT_RETRY_AFTER)]
)
async def test_a_rate_limit_says_how_long(
    slack_api: SlackApi, simulator_unlimited: SlackSimulator, header: str | None, seconds: float
) -> None:
    """Retry-After is the time to wait, and where it cannot be read a default is."""
    simulator_unlimited.faults.add(Fault(kind="rate_limited", retry_after=header))
    assert (await refusal(slack_api)).retry_after == seconds


async def test_slacks_own_rate_limit_is_obeyed(simulator: SlackSimulator) -> None:
    """Two posts in one second in one channel: the second is held for a while that is not our default."""
    async with client(simulator.api_url, FakeDatabase({"slack_bot_token": simulator.bot_token})) as slack_api:
        results = await asyncio.gather(
            *(slack_api.call("chat.postMessage", **POST) for _ in range(2)), return_exceptions=True
        )
    (held,) = [it for it in results if isinstance(it, SlackHeld)]
    assert (held.reason, held.retry_after) == ("ratelimited", 1.0)


ODD = [
    pytest.param(fixed(b"", "application/json"), id="nothing"),
    pytest.param(fixed(b"", "text/html"), id="no body"),
    pytest.param(fixed(b"[]", "application/json"), id="empty array"),
    pytest.param(fixed(b'[{"ok": true}]', "application/json"), id="array"),
    pytest.param(fixed(b"null", "application/json"), id="null"),
    pytest.param(fixed(b'"ok"', "application/json"), id="string"),
    pytest.param(fixed(b"7", "application/json"), id="number"),
    pytest.param(fixed(b"{}", "application/json"), id="empty object"),
    pytest.param(fixed(b'{"ok": false}', "application/json"), id="no error"),
    pytest.param(
        fixed(b'{"ok": false, "error": null, "response_metadata": ["x"]}', "application/json"), id="odd parts"
    ),
    pytest.param(fixed(b'{"ok": tr', "application/json"), id="half a body"),
    pytest.param(fixed(b"\xff\xfe{", "application/json; charset=utf-8"), id="no text"),
    pytest.param(fixed(b"ok", "text/plain"), id="plain text"),
    pytest.param(fixed(b"", "text/plain"), id="empty plain text"),
    pytest.param(fixed(b"<html>Sign in</html>", "text/html"), id="page"),
    pytest.param(fixed(b"<html>Not found</html>", "text/html", status=404), id="404"),
    pytest.param(fixed(b"\x1f\x8b", "application/gzip"), id="gzip"),
    pytest.param(fixed(b"xx", "application/json", headers={"Content-Encoding": "gzip"}), id="broken gzip"),
    pytest.param(cut_short(), id="cut short"),
]


@pytest.mark.parametrize("answer", ODD)
async def test_what_is_not_slacks_answer_is_in_doubt(vault_database: FakeDatabase, answer: Answer) -> None:
    """Whatever comes instead of Slack's JSON, the post may be there: nothing else is raised, and it is no ok."""
    async with answering(answer) as odd, client(odd.url, vault_database) as slack_api:
        error = await refusal(slack_api)
    assert type(error) is SlackInDoubt
    assert error.reason in {"unreadable_answer", "connection_lost"}


async def test_details_of_slack_are_passed_on(vault_database: FakeDatabase) -> None:
    """What Slack says is wrong with the blocks stands in the error's text."""
    body = b'{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] no more than 50"]}}'
    async with answering(fixed(body, "application/json")) as odd, client(odd.url, vault_database) as slack_api:
        error = await refusal(slack_api)
    assert str(error) == "Slack answered invalid_blocks ([ERROR] no more than 50)"


async def test_a_slack_that_cannot_be_reached_did_nothing(vault_database: FakeDatabase, closed_port: int) -> None:
    """A refused connection is held, not in doubt: nothing was sent."""
    async with client(f"http://127.0.0.1:{closed_port}/api/", vault_database) as slack_api:
        error = await refusal(slack_api)
    assert (type(error), error.reason) == (SlackHeld, "not_connected")


async def test_a_name_that_cannot_be_found_did_nothing(vault_database: FakeDatabase) -> None:
    """An address that does not exist is held, not in doubt."""
    async with client("http://slack.invalid/api/", vault_database) as slack_api:
        error = await refusal(slack_api)
    assert (type(error), error.reason) == (SlackHeld, "not_connected")


async def test_slack_is_reached_again_after_it_went_away(
    slack_api: SlackApi, simulator_unlimited: SlackSimulator
) -> None:
    """A connection that broke is not used for the next call."""
    simulator_unlimited.faults.add(Fault(kind="reset_after", times=1))
    await refusal(slack_api)
    await slack_api.call("chat.postMessage", **POST)
    assert len(messages(simulator_unlimited)) == 2


@pytest.mark.parametrize("fault", [it.values[0] for it in FAULTS], ids=[it.id for it in FAULTS])
async def test_no_error_shows_the_token(slack_api: SlackApi, simulator_unlimited: SlackSimulator, fault: Fault) -> None:
    """Neither the error nor what caused it has the token in its text."""
    simulator_unlimited.faults.add(fault)
    error: BaseException | None = await refusal(slack_api)
    while error is not None:
        assert simulator_unlimited.bot_token not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__
