"""What somebody typed stays between him and pulser, also when the command fails."""

from __future__ import annotations

from typing import Any

from notify_dispatch.deliver import Deliverer
from notify_dispatch.dispatch import Dispatcher
from notify_dispatch.hook import HookCaller
from pulser.database import DirectDatabase
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_local.slack.faults import Fault
from tests.integration.command_handler.conftest import Stand

TYPED = "deploy api v1 to production because Dave is to be let go on Friday"


async def dispatch(stand: Stand, database_url: str) -> None:
    """One run of notify-dispatch: what is due is posted."""
    ledger = DirectDatabase(database_url)
    vault = Vault(ledger)
    slack, hooks = SlackApi(vault, stand.slack.api_url), HookCaller(vault, "https://api.github.invalid")
    try:
        await Dispatcher(ledger, Deliverer(ledger, vault, slack, hooks), "test", 20.0, linger=0.01).drain()
    finally:
        await slack.close()
        await hooks.close()
        await ledger.close()


async def test_a_failed_command_is_not_posted(stand: Stand, database_url: str) -> None:
    """It has a private answer and an audit event; the default route posts another's failure, and not this one."""
    await stand.services({"service": "api"})
    stand.slack.faults.add(Fault(method="views.open", kind="slack_error", error="expired_trigger_id"))
    await stand.type(TYPED)
    [audit] = await stand.audits()
    assert (audit["status"], audit["severity"], audit["text"]) == ("error", "warning", TYPED)
    await stand.call("append_event_v1", event_type="backup.failed", payload={"service": "db"})
    await dispatch(stand, database_url)
    alerts = stand.slack.workspace.find("ops-alerts")
    assert alerts is not None
    assert [it.text for it in stand.slack.workspace.history(alerts.id)] == ["Error: Backup failed for db"]


async def test_a_route_of_ones_own_posts_it_without_the_words(stand: Stand, database_url: str) -> None:
    """As news about which nothing can be done: no card, so no open alert of the service."""
    audit: Any = {"name": "audit", "position": 1, "event_pattern": "slack.*", "channel": "#general"}
    default: Any = {"name": "default", "position": 9, "channel": "#ops-alerts", "is_default": True}
    await stand.call("apply_routes_v1", routes=[audit, default])
    await stand.services({"service": "api"})
    stand.slack.faults.add(Fault(method="views.open", kind="slack_error", error="expired_trigger_id"))
    await stand.type(TYPED)
    await dispatch(stand, database_url)
    general = stand.slack.workspace.find("general")
    assert general is not None
    [posted] = stand.slack.workspace.history(general.id)
    told = f"{posted.text} {posted.blocks}"
    assert ("expired_trigger_id" in told, "Dave" in told, "pulser_acknowledge" in told) == (True, False, False)
    assert await stand.sql.fetchval("select count(*) from ops.cards") == 0
