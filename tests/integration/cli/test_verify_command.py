"""`pulser ledger verify`: what it prints, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest
from typer.testing import Result

from pulser_local.slack.faults import Fault
from tests.integration.cli.conftest import Pulser
from tests.integration.cli.verifying import intrude
from tests.integration.notify_dispatch.conftest import Bench, bench

__all__ = ["bench"]

NOBODY = "00000000-0000-4000-8000-000000000000"
Verify = Callable[..., Awaitable[Result]]


@pytest.fixture
async def verify(pulser: Pulser, bench: Bench) -> Verify:
    """The command, against a ledger and a Slack with one post."""
    await bench.emit()
    await bench.drain()

    async def run(*options: str, columns: int = 80, **environment: str) -> Result:
        slack = {"SLACK_API_URL": bench.slack.api_url, "SLACK_BOT_TOKEN": ""}
        return await pulser("ledger", "verify", *options, columns=columns, **{**slack, **environment})

    return run


def counts(result: Result) -> dict[str, int]:
    """The table's counts, by name."""
    lines = [line.split() for line in result.stdout.splitlines()]
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()}


def delete_the_message(bench: Bench) -> str:
    """Somebody deletes it in Slack; its ts."""
    [message] = bench.messages()
    bench.slack.workspace.delete(message.channel_id, message.ts)
    return message.ts


async def test_right_is_said_in_a_sentence(verify: Verify) -> None:
    """The last line says so, the counts say of how many, and the exit code is 0."""
    result = await verify()
    assert result.exit_code == 0
    assert result.stdout.endswith("\nAll is right: 1 of 1 posts stand in Slack, each once.\n")
    assert {name: count for name, count in counts(result).items() if count} == {"matched": 1}


async def test_each_wrong_one_is_told(verify: Verify, bench: Bench) -> None:
    """Its delivery, type and channel, where it should stand, and what that can mean; the exit code is 1."""
    ts = delete_the_message(bench)
    delivery = (await bench.delivery())["delivery_id"]
    result = await verify(columns=200)
    assert result.exit_code == 1
    assert result.stdout.endswith("\nNot right: 1 missing.\n")
    assert f"  {delivery}  #ops-ci  ci.failed  sent\n" in result.stdout
    assert f"/p{ts.replace('.', '')}\n" in result.stdout
    assert "Somebody deleted it" in result.stdout


async def test_the_place_is_a_link_to_the_message(verify: Verify, bench: Bench) -> None:
    """As Slack itself makes it."""
    intrude(bench.slack, NOBODY)
    message = bench.messages()[-1]
    assert f"    {bench.slack.base_url}/archives/{message.channel_id}/p" in (await verify()).stdout


@pytest.mark.parametrize("columns", [80, 160])
async def test_the_table_and_the_findings_fit_the_terminal(verify: Verify, bench: Bench, columns: int) -> None:
    """No line of them is wrapped or too long, and ids and links are whole."""
    delivery = (await bench.delivery())["delivery_id"]
    again = intrude(bench.slack, delivery)
    lines = (await verify(columns=columns)).stdout.splitlines()
    assert all(len(line) <= columns for line in lines)
    assert any(delivery in line for line in lines)
    assert any(line.endswith(f"/p{again.replace('.', '')}") for line in lines)


async def test_json_has_the_whole_report(verify: Verify, bench: Bench) -> None:
    """And the exit code tells the same."""
    ts = delete_the_message(bench)
    result = await verify("--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["is_right"], report["posts"]) == (1, False, 1)
    assert report["missing"][0]["places"][0]["ts"] == ts


async def test_a_channel_that_cannot_be_read_is_not_proven(verify: Verify, bench: Bench) -> None:
    """Said by name, with Slack's word for it; the exit code is 1."""
    bench.slack.faults.add(Fault(method="conversations.history", kind="slack_error", error="not_in_channel"))
    result = await verify()
    assert result.exit_code == 1
    assert "#ops-ci: Slack says not_in_channel; 1 post is said to stand there\n" in result.stdout
    assert result.stdout.endswith("Not proven: #ops-ci could not be read. Nothing else is wrong.\n")


async def test_what_is_on_its_way_is_told(verify: Verify, bench: Bench) -> None:
    """It is right for now."""
    bench.slack.faults.add(Fault(method="chat.postMessage", kind="rate_limited", retry_after="600"))
    await bench.emit()
    await bench.pass_time(2)
    await bench.drain()
    result = await verify()
    assert (result.exit_code, counts(result)["open"]) == (0, 1)
    assert "1 not settled yet: verify again when they are." in result.stdout


async def test_an_empty_ledger_is_said_to_be_empty(verify: Verify) -> None:
    """In the time asked for, that is."""
    result = await verify("--channel", "ops-tasks")
    assert (result.exit_code, "no posts in this time" in result.stdout) == (0, True)


async def test_the_limit_of_slack_is_waited_for(verify: Verify, bench: Bench) -> None:
    """And told on standard error meanwhile."""
    bench.slack.faults.add(Fault(method="conversations.history", kind="rate_limited", retry_after="1", times=1))
    result = await verify("--json")
    assert (result.exit_code, json.loads(result.stdout)["matched"]) == (0, 1)
    assert "#ops-ci: Slack answered ratelimited; on in 1 s" in result.stderr


async def test_who_does_not_want_to_wait_is_told_so(verify: Verify, bench: Bench) -> None:
    """--wait 0 reads what it may, and calls the rest unread."""
    bench.slack.faults.add(Fault(method="conversations.history", kind="rate_limited", retry_after="30"))
    result = await verify("--wait", "0")
    assert (result.exit_code, "ratelimited" in result.stdout, counts(result)["unread"]) == (1, True, 1)


async def test_the_token_of_the_environment_will_do(verify: Verify, bench: Bench) -> None:
    """Where Vault has none, or one may not read it."""
    await bench.sql.execute("delete from vault.secrets where name = 'slack_bot_token'")
    without, given = await verify(), await verify(SLACK_BOT_TOKEN=bench.slack.bot_token)
    assert (without.exit_code, "slack_bot_token is not in Vault" in without.stderr) == (1, True)
    assert given.exit_code == 0


async def test_a_token_that_slack_refuses_is_an_error(verify: Verify) -> None:
    """In one line, which does not hold the token."""
    result = await verify(SLACK_BOT_TOKEN="xoxb-sentinel")
    assert (result.exit_code, result.stderr) == (1, "Error: Slack answered invalid_auth\n")


@pytest.mark.parametrize(
    "options", [["--since", "yesterday"], ["--slack-api-url", "ftp://slack.com"], ["--wait", "-1"], ["--nonsense"]]
)
async def test_wrong_usage_has_its_own_exit_code(verify: Verify, options: list[str]) -> None:
    """2, and nothing is read."""
    assert (await verify(*options)).exit_code == 2


@pytest.mark.parametrize(("span", "posts"), [("1h", 0), ("30d", 1), ("all", 1)])
async def test_since_bounds_what_is_compared(verify: Verify, bench: Bench, span: str, posts: int) -> None:
    """A week, if it is not given."""
    await bench.sql.execute("update ops.deliveries set created_at = created_at - interval '8 days'")
    given, week = await verify("--since", span, "--json"), await verify("--json")
    assert (json.loads(given.stdout)["posts"], json.loads(week.stdout)["posts"]) == (posts, 0)


async def test_a_message_cannot_steer_the_terminal(verify: Verify, bench: Bench) -> None:
    """A foreign id is anybody's text."""
    intrude(bench.slack, "\x1b[2Jowned")
    assert "\x1b" not in (await verify()).stdout


async def test_a_flood_of_findings_is_cut(verify: Verify, bench: Bench) -> None:
    """--json has them all."""
    for number in range(60):
        intrude(bench.slack, f"stranger-{number}")
    result = await verify()
    assert (result.stdout.count("stranger-"), "… 10 more: --json shows all" in result.stdout) == (50, True)
    assert "Not right: 60 foreign." in result.stdout
