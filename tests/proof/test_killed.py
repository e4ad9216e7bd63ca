"""kill -9 of a function's process: another one of its kind finishes, and nothing is lost or double."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pulser_local.postgres import PostgresServer
from tests.fixtures.postgres import fresh_database
from tests.proof.invariants import Judge
from tests.proof.killed import Death, Site, site

pytestmark = pytest.mark.asyncio(loop_scope="module")

POSTING = [
    Death("notify-dispatch", "after", "claim_events_v1", "event_id"),
    Death("notify-dispatch", "after", "record_deliveries_v1"),
    Death("notify-dispatch", "after", "claim_deliveries_v1", '"purpose": "post"'),
    Death("notify-dispatch", "before", "settle_delivery_v1", '"result": "sent"'),
    Death("notify-dispatch", "after", "settle_delivery_v1", '"result": "sent"'),
]
CLICKING = [
    Death("socket-relay", "before", "record_envelopes_v1", "pulser_acknowledge"),
    Death("socket-relay", "after", "record_envelopes_v1", "pulser_acknowledge"),
    Death("action-handler", "after", "claim_envelope_v1", "pulser_acknowledge"),
    Death("action-handler", "before", "settle_envelope_v1", "alert.acknowledged"),
    Death("action-handler", "after", "settle_envelope_v1", "alert.acknowledged"),
]
CALLING = [
    Death("notify-dispatch", "after", "claim_deliveries_v1", '"purpose": "hook"'),
    Death("notify-dispatch", "before", "settle_delivery_v1", '"hook_status": "accepted"'),
    Death("notify-dispatch", "after", "settle_delivery_v1", '"hook_status": "accepted"'),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(
    postgres_server: PostgresServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """All functions as processes, for all tests of this module: what dies is replaced."""
    async with (
        fresh_database(postgres_server, "test_killed", template=template_database) as url,
        site(url, tmp_path_factory.mktemp("orders")) as made,
    ):
        yield made


async def assert_right(place: Site) -> None:
    """All invariants hold, once nothing is left to do."""
    await place.settle()
    assert await Judge(place.sql, place.ledger, place.slack, place.deployer).broken() == []


@pytest.mark.parametrize("death", POSTING, ids=str)
async def test_a_dispatcher_that_is_killed_leaves_one_message(place: Site, death: Death) -> None:
    """The message of an event stands once, wherever the process that posts it dies."""
    event_id = await place.emit("ci.failed", title=str(death))
    place.order(death)
    await place.ring("notify-dispatch")
    await place.death_of("notify-dispatch")
    await assert_right(place)
    assert len(place.messages(event_id)) == 1


@pytest.mark.parametrize("death", CLICKING, ids=str)
async def test_a_click_whose_worker_is_killed_has_one_effect(place: Site, death: Death) -> None:
    """Who is not acknowledged clicks again; the card is acknowledged once, and says so."""
    event_id = await place.card(title=str(death))
    place.order(death)
    pressed = await place.press(event_id, "acknowledge")
    await place.death_of(death.function)
    assert (pressed.outcome == "acked") == (death.function != "socket-relay")
    if pressed.outcome != "acked":
        await place.relay_up()
        assert (await place.press(event_id, "acknowledge")).outcome == "acked"
    await assert_right(place)
    done = (
        "select count(*) from ops.platform_events where event_type = 'alert.acknowledged' and payload->>'card_id' = $1"
    )
    assert await place.sql.fetchval(done, event_id) == 1
    assert "Acknowledged by" in str(place.messages(event_id))


async def test_a_note_whose_handler_is_killed_before_it_is_sent_comes(place: Site) -> None:
    """The second click is answered in private by the process that takes over."""
    event_id = await place.card(title="a late click")
    (shown,) = [(it.channel_id, it.to_json()) for it in place.messages(event_id)]
    await place.press(event_id, "acknowledge")
    await place.settle()
    place.order(Death("action-handler", "after", "settle_envelope_v1", "already"))
    late = await place.press_seen(*shown, "acknowledge", "U0CAROL")
    await place.death_of("action-handler")
    await assert_right(place)
    assert len(late.ephemerals) == 1


@pytest.mark.parametrize("death", CALLING, ids=str)
@pytest.mark.parametrize("service", ["api", "shop"])
async def test_a_hook_whose_caller_is_killed_is_taken_once(place: Site, service: str, death: Death) -> None:
    """A webhook is called again under its key; GitHub, once at most."""
    event_id = await place.card("deploy.completed", service=service, version=f"1.2.{CALLING.index(death)}")
    place.order(death)
    pressed = await place.press(event_id, "rollback")
    await place.settled_envelope(pressed)
    await place.ring("notify-dispatch")
    await place.death_of("notify-dispatch")
    await assert_right(place)
    taken = {it.headers.get("idempotency-key") for it in place.deployer.taken if event_id in str(it.body)}
    assert len(taken) == (0 if service == "shop" and death.call == "claim_deliveries_v1" else 1)


async def test_an_event_whose_relay_is_killed_before_the_ack_runs_once(place: Site) -> None:
    """Slack sends it again under its id; it is acknowledged then, and run once."""
    place.slack.sockets.settings.retry_after = (2.0, 4.0, 8.0)
    place.order(Death("socket-relay", "after", "record_envelopes_v1", "app_mention"))
    mentioned = await place.slack.mention("general", "help")
    await place.death_of("socket-relay")
    assert mentioned.outcome != "acked"
    await place.relay_up()
    await place.slack_knows(mentioned)
    await assert_right(place)
    rows = "select count(*) from ops.slack_envelopes where envelope_id = $1 and duplicates = 1"
    assert await place.sql.fetchval(rows, mentioned.envelope_id) == 1
