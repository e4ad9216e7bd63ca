"""ring_doorbell_v1: one request to notify-dispatch, once a second at most."""

from __future__ import annotations

import asyncpg
import pytest

from tests.integration.schema.helpers import FUNCTION_KEY, FUNCTIONS_URL, Session

REQUEST = """
select url, headers::jsonb as headers, convert_from(body, 'utf8')::jsonb as body, method::text, timeout_milliseconds
from net.http_request_queue
"""


async def test_a_ring_is_a_request_to_notify_dispatch(db: Session) -> None:
    """It goes to the function's URL, with its key, a reason, and an explicit time limit."""
    await db.equip_doorbell()
    assert await db.call("ring_doorbell_v1", reason="test")
    request = await db.row(REQUEST)
    assert request.pop("headers").pop("apikey") == FUNCTION_KEY
    assert request == {
        "url": f"{FUNCTIONS_URL}/notify-dispatch",
        "body": {"reason": "test"},
        "method": "POST",
        "timeout_milliseconds": 5000,
    }


async def test_each_ring_has_a_request_id(db: Session) -> None:
    """So that a ring can be found in the function's log."""
    await db.equip_doorbell()
    await db.call("ring_doorbell_v1", reason="test")
    assert len((await db.row(REQUEST))["headers"]["x-request-id"]) == 36


async def test_a_slash_at_the_end_of_the_url_does_no_harm(db: Session) -> None:
    """The path has no double slash."""
    await db.equip_doorbell(FUNCTIONS_URL + "/")
    await db.call("ring_doorbell_v1", reason="test")
    assert (await db.row(REQUEST))["url"] == f"{FUNCTIONS_URL}/notify-dispatch"


async def test_it_rings_once_a_second(db: Session) -> None:
    """The second ring at once is none, and says so."""
    await db.equip_doorbell()
    assert [await db.call("ring_doorbell_v1", reason="test") for _ in range(3)] == [True, False, False]
    assert await db.rings() == 1


async def test_it_rings_again_when_the_quiet_is_over(db: Session) -> None:
    """After its second, the doorbell rings again."""
    await db.equip_doorbell()
    await db.call("ring_doorbell_v1", reason="test")
    await db.doorbell_is_quiet_for(-1)
    assert await db.call("ring_doorbell_v1", reason="test")


async def test_a_clock_that_was_set_back_does_not_silence_it(db: Session) -> None:
    """A quiet that would last an hour is no promise of anybody's."""
    await db.equip_doorbell()
    await db.doorbell_is_quiet_for(3_600_000)
    assert await db.call("ring_doorbell_v1", reason="test")


async def test_after_a_clock_was_set_back_it_is_quiet_again_for_a_second(db: Session) -> None:
    """The ring repairs the value: the next one is coalesced."""
    await db.equip_doorbell()
    await db.doorbell_is_quiet_for(3_600_000)
    await db.call("ring_doorbell_v1", reason="test")
    assert not await db.call("ring_doorbell_v1", reason="test")


async def test_without_a_url_it_does_not_ring(db: Session) -> None:
    """An empty Vault is no error: the installation is not finished."""
    assert not await db.call("ring_doorbell_v1", reason="test")


async def test_a_bad_url_is_an_error_for_who_rings(db: Session) -> None:
    """The sweep's run is shown as failed, with pg_net's words; inserts are guarded by their trigger."""
    await db.equip_doorbell("not a url")
    with pytest.raises(asyncpg.PostgresError, match="invalid URL"):
        await db.call("ring_doorbell_v1", reason="test")


async def test_a_failed_ring_quiets_nothing(db: Session) -> None:
    """Once the URL is right, the next ring goes out at once."""
    await db.equip_doorbell("not a url")
    with pytest.raises(asyncpg.PostgresError):
        await db.call("ring_doorbell_v1", reason="test")
    await db.equip_doorbell()
    assert await db.call("ring_doorbell_v1", reason="test")


async def test_a_ring_of_a_rolled_back_transaction_is_not_sent(db: Session) -> None:
    """pg_net's queue is transactional."""
    await db.equip_doorbell()
    transaction = db.connection.transaction()
    await transaction.start()
    await db.call("ring_doorbell_v1", reason="test")
    await transaction.rollback()
    assert await db.rings() == 0
