"""One envelope's way through a relay: recorded, acknowledged, handled."""

from __future__ import annotations

from tests.integration.socket_relay.conftest import Bench


async def test_a_command_is_answered_in_its_ack(bench: Bench) -> None:
    """The handler's answer goes back as the ack's payload, on the socket that brought the command."""
    async with bench.relay():
        done = await bench.command()
        (row,) = await bench.envelopes()
    assert (done.outcome, done.ack_payload) == ("acked", bench.handlers.ack)
    assert (row["status"], bench.handlers.effects[row["envelope_id"]]) == ("completed", 1)
