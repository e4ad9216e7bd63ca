"""The bot token is changed while messages are under way: each stands in Slack once."""

from __future__ import annotations

from tests.integration.notify_dispatch.conftest import Bench

NEW = "xoxb-new-sentinel"


async def test_a_bot_token_is_changed_between_two_posts(bench: Bench) -> None:
    """The worker has the old one in mind, which is revoked: the next post goes with the new one, at its first try."""
    await bench.route()
    async with bench.dispatcher() as dispatcher:
        await bench.emit()
        await dispatcher.drain()
        bench.slack.tokens.set(NEW, "active")
        await bench.ledger.call("store_secret_v1", {"name": "slack_bot_token", "value": NEW})
        bench.slack.tokens.set(bench.slack.bot_token, "revoked")
        await bench.emit()
        await bench.pass_time(2)
        await dispatcher.drain()
    assert [(it["status"], it["attempts"]) for it in await bench.deliveries()] == [("sent", 1)] * 2
    assert len(bench.messages("general")) == 2


async def test_a_bot_token_is_revoked_before_the_new_one_is_stored(bench: Bench) -> None:
    """Posts wait most of a day for it, and are sent once when Vault has the new one, by the same worker."""
    await bench.route()
    async with bench.dispatcher() as dispatcher:
        bench.slack.tokens.set(bench.slack.bot_token, "revoked")
        await bench.emit()
        for _ in range(20):
            await dispatcher.drain()
            await bench.pass_time(3600)
        assert [it["status"] for it in await bench.deliveries()] == ["failed"]
        bench.slack.tokens.set(NEW, "active")
        await bench.ledger.call("store_secret_v1", {"name": "slack_bot_token", "value": NEW})
        await dispatcher.drain()
    assert [it["status"] for it in await bench.deliveries()] == ["sent"]
    assert len(bench.messages("general")) == 1
