"""Secrets are changed while a relay holds its connections and people click: nothing is lost, nothing is restarted."""

from __future__ import annotations

from tests.integration.socket_relay.conftest import Bench, eventually
from tests.integration.socket_relay.test_rotation import clicking

NEW_TOKEN, NEW_KEY = "xapp-new-sentinel", "function-key-sentinel-new"


async def change_app_token(bench: Bench) -> None:
    """As docs/security.md says: both tokens are good, Vault has the new one, then the old one is revoked."""
    bench.slack.tokens.set(NEW_TOKEN, "active")
    await bench.ledger.call("store_secret_v1", {"name": "slack_app_token", "value": NEW_TOKEN})
    bench.slack.tokens.set(bench.slack.app_token, "revoked")


async def test_connections_are_replaced_with_a_new_app_token(bench: Bench) -> None:
    """Both connections are of the old token, now revoked: their successors dial with the new one; no click fails."""
    async with bench.relay() as relay:
        old = set(bench.slack.sockets.live)
        async with clicking(bench) as clicks:
            await change_app_token(bench)
            for leaving in old:
                leaving.disconnect("refresh_requested")
            await eventually(lambda: not old & set(bench.slack.sockets) and len(relay.roster.alive()) == 2)
            await eventually(lambda: len(clicks) >= 5)
        assert {it.result().outcome for it in clicks} == {"acked"}
        await bench.settled(len(clicks))
    assert (set(bench.handlers.effects.values()), len(bench.handlers.effects)) == ({1}, len(clicks))
    assert await bench.alarms() == []


async def test_connections_that_are_cut_with_their_app_token_come_back(bench: Bench) -> None:
    """Slack cuts both at once: what it had an ack for has its one effect, and the relay dials with the new token."""
    async with bench.relay() as relay:
        old = set(bench.slack.sockets.live)
        async with clicking(bench) as clicks:
            await eventually(lambda: len(bench.handlers.effects) >= 2)
            await change_app_token(bench)
            for cut in old:
                cut.reset()
            await eventually(lambda: not old & set(bench.slack.sockets) and len(relay.roster.alive()) == 2)
        assert (await bench.click()).outcome == "acked"
        acked = {it.result().envelope_id for it in clicks if it.result().outcome == "acked"}
        await eventually(lambda: acked <= set(bench.handlers.effects))
        assert set(bench.handlers.effects.values()) == {1}
    assert await bench.alarms() == []


async def test_the_functions_key_is_changed_while_people_click(bench: Bench) -> None:
    """The handler takes the new key alone at once; the relay still has the old one in mind: each click is run once."""
    async with bench.relay():
        async with clicking(bench) as clicks:
            await eventually(lambda: len(bench.handlers.effects) >= 2)
            await bench.ledger.call("store_secret_v1", {"name": "pulser_function_key", "value": NEW_KEY})
            bench.handlers.key = NEW_KEY
            before = len(bench.handlers.effects)
            await eventually(lambda: len(bench.handlers.effects) >= before + 3)
        assert {it.result().outcome for it in clicks} == {"acked"}
        await bench.settled(len(clicks))
    assert (set(bench.handlers.effects.values()), len(bench.handlers.effects)) == ({1}, len(clicks))
