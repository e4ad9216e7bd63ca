"""cover_relay_v1: one request to socket-relay where connections are missing, once in three seconds at most."""

from __future__ import annotations

import pytest

from tests.integration.schema.helpers import FUNCTION_KEY, FUNCTIONS_URL, Session
from tests.integration.schema.relay import connecting, end_leases, live, report, said

REQUEST = """
select url, headers::jsonb as headers, convert_from(body, 'utf8')::jsonb as body, method::text, timeout_milliseconds
from net.http_request_queue
"""


@pytest.fixture
async def bell(db: Session) -> Session:
    """A database whose Vault knows the functions."""
    await db.equip_doorbell()
    return db


async def quiet_is_over(db: Session, milliseconds: int = -1) -> None:
    await db.run(
        "select setval('ops.relay_doorbell', (extract(epoch from clock_timestamp()) * 1000)::bigint + $1)", milliseconds
    )


async def test_a_ring_is_a_request_to_socket_relay(bell: Session) -> None:
    """It goes to the function's URL, with its key, a reason, and an explicit time limit."""
    assert await bell.call("cover_relay_v1")
    request = await bell.row(REQUEST)
    headers = request.pop("headers")
    assert (headers["apikey"], len(headers["x-request-id"])) == (FUNCTION_KEY, 36)
    assert request == {
        "url": f"{FUNCTIONS_URL}/socket-relay",
        "body": {"reason": "cover"},
        "method": "POST",
        "timeout_milliseconds": 5000,
    }


async def test_a_slash_at_the_end_of_the_url_does_no_harm(db: Session) -> None:
    """The path has no double slash."""
    await db.equip_doorbell(FUNCTIONS_URL + "/")
    await db.call("cover_relay_v1")
    assert (await db.row(REQUEST))["url"] == f"{FUNCTIONS_URL}/socket-relay"


async def test_one_connection_is_not_enough(bell: Session) -> None:
    """The second is missing."""
    await live(bell, "a")
    assert await bell.call("cover_relay_v1")


async def test_two_live_connections_are_covered(bell: Session) -> None:
    """Whoever holds them: nobody is woken."""
    for worker in "ab":
        await live(bell, worker)
    assert not await bell.call("cover_relay_v1")
    assert await bell.rings() == 0


async def test_a_connection_without_hello_covers_nothing(bell: Session) -> None:
    """It may never get one."""
    await live(bell, "a")
    await connecting(bell, "a")
    assert await bell.call("cover_relay_v1")


async def test_a_retiring_connection_covers_nothing(bell: Session) -> None:
    """Its successor is to come up while it still serves."""
    first, second = [await live(bell, "a") for _ in range(2)]
    await report(bell, "a", said(first, "retiring"), said(second))
    assert await bell.call("cover_relay_v1")


async def test_the_connections_of_a_dead_worker_cover_nothing(bell: Session) -> None:
    """As soon as their leases have run out."""
    for _ in range(2):
        await live(bell, "a")
    await end_leases(bell, "a")
    assert await bell.call("cover_relay_v1")


@pytest.mark.parametrize(("ends_in_s", "rings"), [(50, True), (70, False), (None, False)])
async def test_the_next_run_starts_a_minute_before_the_newest_ends(
    bell: Session, ends_in_s: float | None, *, rings: bool
) -> None:
    """A run without end needs no successor."""
    sessions = [await live(bell, "a") for _ in range(2)]
    await report(bell, "a", *map(said, sessions), ends_in_s=ends_in_s)
    assert await bell.call("cover_relay_v1") is rings


async def test_once_the_successors_are_up_nobody_rings(bell: Session) -> None:
    """The old run goes on until its end, the new one lasts."""
    sessions = [await live(bell, "old") for _ in range(2)]
    await report(bell, "old", *map(said, sessions), ends_in_s=30)
    for _ in range(2):
        await live(bell, "new")
    assert not await bell.call("cover_relay_v1")


async def test_it_rings_once_in_three_seconds(bell: Session) -> None:
    """The second ring at once is none, and says so."""
    assert [await bell.call("cover_relay_v1") for _ in range(3)] == [True, False, False]
    quiet = await bell.value("select last_value - extract(epoch from clock_timestamp()) * 1000 from ops.relay_doorbell")
    assert 0 < quiet <= 3000
    assert await bell.rings() == 1


async def test_it_rings_again_when_the_quiet_is_over(bell: Session) -> None:
    """The first may have been lost on its way."""
    await bell.call("cover_relay_v1")
    await quiet_is_over(bell)
    assert await bell.call("cover_relay_v1")


async def test_a_clock_that_was_set_back_does_not_silence_it(bell: Session) -> None:
    """A quiet that would last an hour is no promise of anybody's."""
    await quiet_is_over(bell, 3_600_000)
    assert await bell.call("cover_relay_v1")
    assert not await bell.call("cover_relay_v1")


async def test_the_two_doorbells_do_not_silence_each_other(bell: Session) -> None:
    """A busy dispatcher leaves the relay its rings."""
    await bell.call("ring_doorbell_v1", reason="test")
    assert await bell.call("cover_relay_v1")
    await bell.doorbell_is_quiet_for(-1)
    assert await bell.call("ring_doorbell_v1", reason="test")


async def test_with_sockets_switched_off_nobody_is_woken(bell: Session) -> None:
    """Slack's requests come by HTTP then."""
    await bell.call("set_transport_v1", transport="http", actor="ada")
    assert not await bell.call("cover_relay_v1")


async def test_while_slack_takes_no_dial_nobody_is_woken(bell: Session) -> None:
    """There would be nothing to do; afterwards the next tick rings."""
    await bell.call("hold_connections_open_v1", seconds=30, reason="ratelimited")
    assert not await bell.call("cover_relay_v1")
    await bell.run("update ops.slack_holds set held_until = clock_timestamp()")
    assert await bell.call("cover_relay_v1")


async def test_without_a_url_it_does_not_ring(db: Session) -> None:
    """An empty Vault is no error: the installation is not finished."""
    assert not await db.call("cover_relay_v1")


async def test_a_ring_that_fails_fails_nobody(db: Session) -> None:
    """A bad URL is a warning in the log; who called goes on, and nothing is quieted."""
    await db.equip_doorbell("not a url")
    assert not await db.call("cover_relay_v1")
    await db.equip_doorbell()
    assert await db.call("cover_relay_v1")


async def test_a_ring_of_a_rolled_back_transaction_is_not_sent(bell: Session) -> None:
    """pg_net's queue is transactional."""
    transaction = bell.connection.transaction()
    await transaction.start()
    await bell.call("cover_relay_v1")
    await transaction.rollback()
    assert await bell.rings() == 0
