"""`pulser doctor` on a real database and a simulated Slack: one thing is broken, and just that is found."""

from __future__ import annotations

import time

import pytest
from aiohttp import web

from pulser_cli.doctor.cron_checks import GRACE
from pulser_local.slack.clock import Clock
from pulser_local.slack.faults import Fault
from tests.integration.cli.doctoring import Installation, healthy, installed
from tests.integration.notify_dispatch.conftest import bench

__all__ = ["bench", "healthy", "installed"]


async def test_where_all_is_right_nothing_is_found(healthy: Installation) -> None:
    """The exit code is 0."""
    result = await healthy.doctor()
    assert (result.exit_code, "wrong    " in result.stdout) == (0, False), result.stdout
    assert await healthy.found() == []


async def test_a_cron_job_that_is_not_there(healthy: Installation) -> None:
    """It is named, with the SQL that schedules it."""
    await healthy.run("select cron.unschedule('ops_envelope_sweep')")
    (finding,) = await healthy.found()
    assert (finding["check"], finding["level"]) == ("cron", "wrong")
    assert finding["what"] == "ops_envelope_sweep is not scheduled"
    assert finding["remedy"].startswith("select cron.schedule('ops_envelope_sweep', '5 seconds', ")


async def test_the_remedy_of_a_cron_job_is_one(healthy: Installation) -> None:
    """Whoever runs it finds nothing wrong any more."""
    await healthy.run("select cron.unschedule('ops_deploy_expire')")
    (finding,) = await healthy.found()
    await healthy.run(finding["remedy"])
    await healthy.run("update cron.job set database = current_database()")
    assert await healthy.found() == []


async def test_a_cron_job_that_fails(healthy: Installation) -> None:
    """With what it says."""
    failed = "update cron.job_run_details d set status = 'failed', return_message = 'ERROR: it broke' from cron.job j"
    await healthy.run(f"{failed} where j.jobid = d.jobid and j.jobname = 'ops_dispatch_sweep'")
    (finding,) = await healthy.found()
    assert (finding["check"], finding["level"]) == ("cron", "wrong")
    assert "ops_dispatch_sweep failed: ERROR: it broke" in finding["what"]


async def test_a_scheduler_that_is_dead(healthy: Installation) -> None:
    """Is one finding, not one for each job; a warning while the server is up for so short a time that it may come."""
    await healthy.run("update cron.job_run_details set start_time = start_time - interval '1 hour'")
    before = await healthy.up_seconds()
    found = await healthy.only()
    levels = {"warning" if up < GRACE else "wrong" for up in (before, await healthy.up_seconds())}
    assert found in {("cron", level) for level in levels}


async def test_a_canary_that_cannot_be_posted(healthy: Installation) -> None:
    """With Slack's word; and the scope that it needs."""
    healthy.slack.tokens.scopes |= {"metadata.message:read"}
    await healthy.run("select ops.apply_canary_v1('#pulser-canary', 300, 'ada')")
    assert await healthy.found() == []
    await healthy.run(
        "insert into ops.canaries (channel, failed_at, failed_reason) values ('#c', now(), 'is_archived')"
    )
    assert await healthy.only() == ("canary", "wrong")


async def test_a_secret_that_is_not_in_vault(healthy: Installation) -> None:
    """The hook of a service names it."""
    await healthy.run("delete from vault.secrets where name = 'pulser_hook_api'")
    assert await healthy.only() == ("vault", "wrong")


async def test_a_signing_secret_is_missed_by_http_alone(healthy: Installation) -> None:
    """A warning while the transport is the socket."""
    await healthy.run("delete from vault.secrets where name = 'slack_signing_secret'")
    assert await healthy.only() == ("vault", "warning")


async def test_a_name_that_nobody_reads(healthy: Installation) -> None:
    """A typing error, most of the time."""
    await healthy.run("select vault.create_secret('xoxb-sentinel-typo', 'slack_bot_tokn')")
    assert await healthy.only() == ("vault", "warning")


async def test_a_grant_that_was_revoked(healthy: Installation) -> None:
    """The service role must be able to call what it calls."""
    await healthy.run("revoke execute on function ops.append_event_v1 from service_role")
    (finding,) = await healthy.found()
    assert (finding["check"], finding["level"]) == ("grants", "wrong")
    await healthy.run(finding["remedy"])
    assert await healthy.found() == []


async def test_a_grant_too_many(healthy: Installation) -> None:
    """Nobody but the service role may do anything."""
    await healthy.run("grant select on table ops.deliveries to anon")
    assert await healthy.only() == ("grants", "wrong")


async def test_a_table_without_row_security(healthy: Installation) -> None:
    """It is the second lock."""
    await healthy.run("alter table ops.cards disable row level security")
    assert await healthy.only() == ("grants", "wrong")


@pytest.mark.parametrize(
    "change",
    [
        "grant select on table ops.metrics to anon",
        "grant select on table ops.metrics to service_role",
        "alter view ops.metrics set (security_invoker = false)",
        "alter view ops.metrics reset (security_invoker)",
    ],
)
async def test_a_view_that_shows_too_much(healthy: Installation, change: str) -> None:
    """To whom it was granted, or what its owner alone may read; the remedy mends it."""
    await healthy.run(change)
    (finding,) = await healthy.found()
    assert (finding["check"], finding["level"]) == ("grants", "wrong")
    await healthy.run(finding["remedy"])
    assert await healthy.found() == []


async def test_a_view_that_is_gone(healthy: Installation) -> None:
    """Somebody's tools read it."""
    await healthy.run("drop view ops.metrics")
    assert await healthy.only() == ("grants", "wrong")


async def test_a_function_of_the_database_that_is_gone(healthy: Installation) -> None:
    """Its migration is recorded, but somebody dropped it."""
    await healthy.run("drop function ops.why_v1")
    assert await healthy.only() == ("grants", "wrong")


async def test_a_migration_that_is_missing(healthy: Installation) -> None:
    """The version is named."""
    await healthy.run("delete from supabase_migrations.schema_migrations where version = '20260301000192'")
    (finding,) = await healthy.found()
    assert (finding["check"], finding["level"]) == ("migrations", "wrong")
    assert "20260301000192" in finding["what"]


async def test_a_scope_that_is_missing(healthy: Installation) -> None:
    """It is told what it is for."""
    healthy.slack.tokens.scopes -= {"commands"}
    (finding,) = await healthy.found()
    assert (finding["check"], finding["level"]) == ("scopes", "wrong")
    assert "commands is missing: it receives /pulser" in finding["what"]


async def test_a_token_that_is_revoked(healthy: Installation) -> None:
    """Is the only thing that is wrong; what Slack was not asked is not checked."""
    healthy.slack.tokens.set(healthy.slack.bot_token, "revoked")
    found = await healthy.found()
    assert [it["check"] for it in found if it["level"] == "wrong"] == ["slack"]
    assert {it["check"] for it in found if it["what"].startswith("not checked: ")} == {
        *("scopes", "channels", "user-groups", "undocumented"),
    }


async def test_a_channel_that_the_app_left(healthy: Installation) -> None:
    """Nothing can be posted there."""
    healthy.slack.workspace.change_channel(healthy.channel("general").id, is_member=False)
    (finding,) = await healthy.found()
    assert (finding["check"], finding["level"]) == ("channels", "wrong")
    assert finding["remedy"] == "/invite @pulser in #general"


async def test_a_channel_that_is_archived(healthy: Installation) -> None:
    """Slack takes no post there."""
    healthy.slack.workspace.change_channel(healthy.channel("general").id, is_archived=True)
    assert await healthy.only() == ("channels", "wrong")


async def test_a_channel_that_does_not_exist(healthy: Installation) -> None:
    """Named by name or by ID."""
    await healthy.bench.route({"channel": "#nowhere"}, {"channel": "C0NOWHERE99"})
    found = await healthy.found()
    assert [(it["check"], it["level"]) for it in found] == [("channels", "wrong")] * 2


async def test_a_private_channel_that_a_route_names_by_its_id(healthy: Installation) -> None:
    """Without groups:read Slack does not list it, but it may be asked for one that the app is in."""
    channel = healthy.slack.workspace.create_channel("secret-ops", is_private=True)
    healthy.slack.tokens.scopes |= {"groups:read"}
    await healthy.bench.route({"channel": channel.id})
    assert await healthy.found() == []


async def test_a_user_group_that_was_disabled(healthy: Installation) -> None:
    """It may approve nothing any more."""
    healthy.slack.interactivity.people.disable_group("S0APPROVERS")
    assert await healthy.only() == ("user-groups", "wrong")


async def test_a_user_group_that_does_not_exist(healthy: Installation) -> None:
    """A route mentions it."""
    await healthy.bench.route({"channel": "#general", "mention": "S0NOBODY99"})
    assert await healthy.only() == ("user-groups", "wrong")


async def test_a_function_that_is_stopped(healthy: Installation) -> None:
    """It is named."""
    healthy.functions.stopped.add("action-handler")
    (finding,) = await healthy.found()
    assert (finding["check"], finding["level"]) == ("functions", "wrong")
    assert finding["what"].startswith("action-handler answers with HTTP 503")


async def test_a_function_that_is_not_well(healthy: Installation) -> None:
    """With what it says."""
    checks = {"database": {"ok": True}, "vault": {"ok": False, "message": "the secret x is not in Vault"}}
    health = {"ok": False, "function": "command-handler", "version": "0", "checks": checks}
    healthy.functions.says["command-handler"] = web.json_response(health, status=503)
    (finding,) = await healthy.found()
    assert finding["what"] == "command-handler is not well: vault: the secret x is not in Vault"


async def test_an_address_that_leads_nowhere(healthy: Installation) -> None:
    """All four cannot be reached."""
    await healthy.store(pulser_functions_url="http://127.0.0.1:9/functions/v1")
    found = await healthy.found()
    assert [(it["check"], it["level"]) for it in found] == [("functions", "wrong")] * 4


async def test_slacks_clock_is_wrong(healthy: Installation) -> None:
    """Or ours: which one, nobody can say."""
    healthy.slack.clock = Clock(now=lambda: time.time() + 90)
    (finding,) = await healthy.found()
    assert (finding["check"], finding["level"]) == ("clocks", "wrong")


async def test_no_connection_is_live(healthy: Installation) -> None:
    """Buttons and commands fail."""
    await healthy.run("update ops.relay_sessions set lease_until = now() - interval '1 second'")
    assert await healthy.only() == ("connections", "wrong")


async def test_the_tokens_are_of_two_apps(healthy: Installation) -> None:
    """The connections are of another app than the bot."""
    await healthy.run("update ops.relay_sessions set app_id = 'A0OTHER'")
    assert await healthy.only() == ("connections", "wrong")


async def test_a_hold_of_slack(healthy: Installation) -> None:
    """A warning: it passes."""
    held = "insert into ops.slack_holds values ('chat.update', 'ratelimited', now(), now() + interval '1 minute')"
    await healthy.run(held)
    assert await healthy.only() == ("holds", "warning")


async def test_metadata_that_do_not_come_back(healthy: Installation) -> None:
    """Without them a post in doubt would never be found."""
    (message,) = healthy.bench.messages()
    healthy.slack.workspace.delete(message.channel_id, message.ts)
    assert await healthy.only() == ("undocumented", "wrong")


async def test_messages_that_were_too_large_for_slack(healthy: Installation) -> None:
    """A limit that stands in no document has moved."""
    healthy.slack.faults.add(Fault(method="chat.postMessage", kind="slack_error", error="msg_blocks_too_long"))
    await healthy.bench.emit()
    await healthy.bench.pass_time(2)
    await healthy.bench.drain()
    assert await healthy.only() == ("undocumented", "wrong")


async def test_where_slack_asks_for_patience(healthy: Installation) -> None:
    """What it did not tell is not checked; nothing is wrong for it."""
    healthy.slack.faults.add(Fault(method="conversations.list", kind="rate_limited", retry_after="600", times=9))
    found = await healthy.found()
    assert [(it["check"], it["level"]) for it in found] == [("channels", "warning")]
    assert found[0]["what"].startswith("not checked: ratelimited")
