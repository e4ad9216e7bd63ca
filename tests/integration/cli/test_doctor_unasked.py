"""`pulser doctor` where something cannot be asked: a finding with its reason, never a traceback, never a secret."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from typer.testing import Result

from pulser.database import DirectDatabase
from pulser.database_rest import RestDatabase
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_cli.doctor.asking_slack import SlackFacts
from pulser_cli.doctor.examination import Examination
from pulser_cli.doctor.expected_files import expected
from pulser_cli.reconciling_slack import Patience
from pulser_local.gateway import Gateway
from pulser_local.slack.faults import Fault
from pulser_local.stack_options import ROOT
from tests.integration.cli.conftest import Pulser
from tests.integration.cli.doctoring import SECRETS, Installation, healthy, installed, is_of_an_old_cron, texts
from tests.integration.notify_dispatch.conftest import BUTTON_KEY, bench

__all__ = ["bench", "healthy", "installed"]

NOWHERE = "postgresql://postgres:sentinel-password@127.0.0.1:9/postgres"
SLACK_NOWHERE = "http://127.0.0.1:9/api/"
NO_CRON = """
do $$ begin
    if exists (select from pg_extension where extname = 'pg_cron') then
        drop extension pg_cron;
    else
        drop schema cron cascade;
    end if;
end $$
"""
SENTINELS = (*SECRETS.values(), BUTTON_KEY, "sentinel")


def checked(result: Result) -> list[dict[str, str]]:
    """The findings of --json; asserts that the command ended as it should."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    findings: list[dict[str, str]] = json.loads(result.stdout)["findings"]
    return findings


async def test_no_database_is_named(bare_pulser: Pulser) -> None:
    """A finding; what needs a database is not checked, and the exit code is 1."""
    result = await bare_pulser("doctor", "--json", SLACK_API_URL=SLACK_NOWHERE)
    found = checked(result)
    assert result.exit_code == 1
    assert [it["check"] for it in found if it["level"] == "wrong"] == ["database"]
    assert {it["level"] for it in found} == {"wrong", "warning"}


async def test_slack_is_asked_all_the_same(installed: Installation, bare_pulser: Pulser) -> None:
    """With a token of the environment no database is needed."""
    token = installed.slack.bot_token
    slack = installed.slack.api_url
    given = await bare_pulser("doctor", "--json", SUPABASE_DB_URL=NOWHERE, SLACK_API_URL=slack, SLACK_BOT_TOKEN=token)
    found = checked(given)
    assert {it["check"] for it in found if it["level"] == "ok"} == {"slack", "scopes", "clocks"}


async def test_the_database_does_not_answer(bare_pulser: Pulser) -> None:
    """One thing is wrong, and the password is not told."""
    result = await bare_pulser("doctor", SUPABASE_DB_URL=NOWHERE, SLACK_API_URL=SLACK_NOWHERE)
    assert (result.exit_code, result.stdout.count("wrong    ")) == (1, 1)
    assert "sentinel" not in result.output


async def test_a_database_without_pulser(bare_pulser: Pulser, plain_database_url: str) -> None:
    """The migrations are what is missing."""
    result = await bare_pulser("doctor", "--json", SUPABASE_DB_URL=plain_database_url, SLACK_API_URL=SLACK_NOWHERE)
    (wrong,) = [it for it in checked(result) if it["level"] == "wrong"]
    assert (wrong["check"], wrong["remedy"]) == ("migrations", "supabase db push")


async def test_slack_is_away(healthy: Installation) -> None:
    """The database is checked all the same."""
    found = await healthy.found(SLACK_API_URL=SLACK_NOWHERE)
    assert [it["check"] for it in found if it["level"] == "wrong"] == ["slack"]
    assert all(it["what"].startswith("not checked: ") for it in found if it["level"] == "warning")


async def test_slack_answers_with_a_page(healthy: Installation) -> None:
    """Something between here and Slack."""
    healthy.slack.faults.add(Fault(method="auth.test", kind="garbage", times=9))
    found = await healthy.found()
    assert [it["check"] for it in found if it["level"] == "wrong"] == ["slack"]


async def test_a_part_of_the_database_is_closed(healthy: Installation) -> None:
    """What one of the doctor's own functions cannot tell is not checked; the rest is."""
    await healthy.run(NO_CRON)
    found = await healthy.found()
    assert {it["check"] for it in found} == {"extensions", "cron"}
    (said,) = texts(found, "cron")
    assert said.startswith("not checked: ")


async def test_pg_net_does_not_run(installed: Installation) -> None:
    """Nothing comes back: one finding, not four."""
    database, slack = DirectDatabase(installed.bench.url), SlackApi(Vault(installed.bench.ledger), SLACK_NOWHERE)
    examination = Examination(database, SlackFacts(slack, Patience(0.0)), expected(ROOT), answers_within=0.3)
    found = [it for it in await examination.findings() if it.check == "functions"]
    await slack.close()
    await database.close()
    assert [it.level for it in found] == ["wrong"]
    assert "pg_net" in found[0].what


async def test_the_data_api_tells_the_same(healthy: Installation) -> None:
    """With SUPABASE_URL and a key, nothing of Postgres is reached directly."""
    key = "sb_secret_sentinel"
    gateway = Gateway(healthy.bench.url, key=key, functions={})
    await gateway.start(0)
    database = RestDatabase(gateway.url, key)
    slack = SlackApi(Vault(database), healthy.slack.api_url)
    found = await Examination(database, SlackFacts(slack, Patience(0.0)), expected(ROOT)).findings()
    await slack.close()
    await database.close()
    await gateway.stop()
    assert [it for it in found if it.level != "ok" and not is_of_an_old_cron(it.what)] == []


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_no_secret_is_told(healthy: Installation, options: tuple[str, ...]) -> None:
    """Not where a secret stands in the wrong place, nor where the database or a function quotes one."""
    await healthy.store(pulser_functions_url="http://user:sentinel-password@127.0.0.1:9/functions/v1")
    await healthy.run("select vault.create_secret('xoxb-sentinel-typo', 'slack_bot_tokn')")
    await healthy.run(
        "update cron.job_run_details set status = 'failed', return_message = $1",
        "ERROR: " + " ".join([*SECRETS.values(), BUTTON_KEY, healthy.slack.bot_token]),
    )
    result = await healthy.doctor(*options)
    assert result.exit_code == 1
    assert [it for it in (*SENTINELS, healthy.slack.bot_token) if it in result.output] == []


async def test_a_function_that_tells_secrets_is_not_quoted(healthy: Installation) -> None:
    """Whatever it is that answers there."""
    told = " ".join([*SECRETS.values(), BUTTON_KEY, healthy.slack.bot_token])
    health = {"ok": False, "function": "notify-dispatch", "checks": {"x": {"ok": False, "message": told}}}
    healthy.functions.says["notify-dispatch"] = web.json_response(health)
    result = await healthy.doctor()
    assert "notify-dispatch is not well" in result.stdout
    assert [it for it in (*SENTINELS, healthy.slack.bot_token) if it in result.output] == []


async def test_a_wrong_call_is_a_usage_error(bare_pulser: Pulser) -> None:
    """Exit code 2."""
    assert (await bare_pulser("doctor", "--nonsense")).exit_code == 2
    assert (await bare_pulser("doctor", "--database-url", "mysql://x")).exit_code == 2
    assert (await bare_pulser("doctor", "--slack-api-url", "x")).exit_code == 2
