"""The functions of `pulser doctor`: facts, and no secret among them."""

from __future__ import annotations

import json

import asyncpg
import pytest

from tests.integration.schema.helpers import Session

KINDS = {
    "xoxb-sentinel": "bot token",
    "xoxe.xoxb-sentinel": "bot token",
    "xapp-sentinel": "app token",
    "xoxp-sentinel": "another token",
    "https://x.supabase.co/functions/v1": "address",
    "http://127.0.0.1:54321/functions/v1": "local address",
    "http://[::1]/functions/v1": "local address",
    "http://localhost.evil.example/": "open address",
    "https://user:sentinel@x/": "address with a password",
    "sentinel": None,
}


@pytest.fixture
async def stored(db: Session) -> Session:
    """A database whose Vault holds a secret."""
    await db.run("select ops.store_secret_v1('slack_signing_secret', 'sentinel-secret')")
    return db


@pytest.mark.parametrize(("value", "kind"), KINDS.items())
async def test_a_secret_is_told_by_its_kind_alone(db: Session, value: str, kind: str | None) -> None:
    """Neither its value nor its length."""
    await db.run("select ops.store_secret_v1('pulser_functions_url', $1)", value)
    told = await db.call("doctor_secrets_v1")
    (one,) = [it for it in told if it["name"] == "pulser_functions_url"]
    assert one == {"name": "pulser_functions_url", "kind": kind, "empty": False, "padded": False}
    assert "sentinel" not in json.dumps(told)


@pytest.mark.parametrize(("value", "empty", "padded"), [("", True, False), (" \n", True, True), ("x\n", False, True)])
async def test_a_secret_that_was_pasted_badly(db: Session, value: str, *, empty: bool, padded: bool) -> None:
    """With white space around it, or nothing but that."""
    await db.run("select ops.store_secret_v1('slack_bot_token', $1)", value)
    (one,) = [it for it in await db.call("doctor_secrets_v1") if it["name"] == "slack_bot_token"]
    assert (one["empty"], one["padded"]) == (empty, padded)


async def test_secrets_of_others_are_not_told_of(db: Session) -> None:
    """Vault is the whole project's."""
    await db.run("select vault.create_secret('x', 'stripe_key')")
    assert "stripe_key" not in [it["name"] for it in await db.call("doctor_secrets_v1")]


async def test_a_text_is_told_without_secrets(stored: Session) -> None:
    """Whatever their shape; a null stays one."""
    said = "select ops.without_secrets_v1($1)"
    assert await stored.value(said, "it said sentinel-secret twice: sentinel-secret") == (
        "it said [redacted] twice: [redacted]"
    )
    assert await stored.value(said, None) is None


async def test_a_failed_run_is_told_without_secrets(stored: Session) -> None:
    """pg_cron keeps what Postgres said."""
    await stored.run(
        "insert into cron.job_run_details (jobid, runid, status, return_message, start_time)"
        " select jobid, 1, 'failed', 'no sentinel-secret', now() from cron.job where jobname = 'ops_relay_prune'"
    )
    (job,) = [it for it in await stored.call("doctor_jobs_v1") if it["name"] == "ops_relay_prune"]
    assert (job["last"]["status"], job["last"]["message"]) == ("failed", "no [redacted]")


async def test_only_the_newest_run_counts(db: Session) -> None:
    """It went well, so what failed before is over."""
    await db.run(
        "insert into cron.job_run_details (jobid, runid, status, return_message, start_time)"
        " select j.jobid, r.id, r.status, 'x', now() from cron.job j,"
        " (values (1, 'failed'), (2, 'succeeded')) r (id, status)"
        " where j.jobname = 'ops_relay_prune'"
    )
    (job,) = [it for it in await db.call("doctor_jobs_v1") if it["name"] == "ops_relay_prune"]
    assert (job["last"]["status"], job["last"]["message"]) == ("succeeded", None)


async def test_without_an_address_nothing_is_asked(db: Session) -> None:
    """Null, and no request waits."""
    assert await db.call("doctor_ask_functions_v1", functions=["socket-relay"]) is None
    assert await db.value("select count(*) from net.http_request_queue") == 0


async def test_a_function_is_asked_for_its_health_only(db: Session) -> None:
    """Without a key: whoever answers there learns nothing."""
    await db.run("select ops.store_secret_v1('pulser_functions_url', 'http://127.0.0.1:9/functions/v1/')")
    await db.run("select ops.store_secret_v1('pulser_function_key', 'sentinel-key')")
    asked = await db.call("doctor_ask_functions_v1", functions=["socket-relay"])
    assert list(asked) == ["socket-relay"]
    request = await db.value("select to_jsonb(q) - 'id' from net.http_request_queue q")
    assert request["url"] == "http://127.0.0.1:9/functions/v1/socket-relay?action=health"
    assert (request["method"], request["headers"], request["timeout_milliseconds"]) == ("GET", {}, 8000)


async def test_an_address_that_is_none_is_not_quoted(db: Session) -> None:
    """It may be a token that somebody stored in the wrong place."""
    await db.run("select ops.store_secret_v1('pulser_functions_url', 'sentinel address')")
    with pytest.raises(asyncpg.PostgresError) as refused:
        await db.value("select ops.doctor_ask_functions_v1('{socket-relay}')")
    assert "sentinel" not in f"{refused.value} {refused.value.detail} {refused.value.hint}"


@pytest.mark.parametrize("name", ["../x", "socket-relay?x=1", "", "a/b"])
async def test_only_a_name_of_a_function_is_asked(db: Session, name: str) -> None:
    """The address cannot be bent."""
    await db.run("select ops.store_secret_v1('pulser_functions_url', 'http://127.0.0.1:9/functions/v1')")
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await db.value("select ops.doctor_ask_functions_v1($1)", [name])
