"""What the tests of the relay's SQL share: claims, reports, and time that has passed."""

from __future__ import annotations

import uuid
from typing import Any

from tests.integration.schema.helpers import Session

HELLO = {"num_connections": 1, "approximate_connection_time": 18060, "host": "applink-1", "app_id": "A0SIMULATOR"}
GRANTED = {"granted": True, "wait_s": 0, "reason": None}


async def claim(db: Session, worker: str = "a", replaces: str | None = None, **arguments: Any) -> Any:  # noqa: ANN401
    """Ask for a new session; the answer of claim_relay_session_v1, and `session_id`."""
    session_id = arguments.pop("session_id", None) or str(uuid.uuid4())
    answer = await db.call(
        "claim_relay_session_v1", worker=worker, session_id=session_id, replaces=replaces, **arguments
    )
    return answer | {"session_id": session_id}


async def connecting(db: Session, worker: str = "a", replaces: str | None = None) -> str:
    """A session that was granted; its id."""
    answer = await claim(db, worker, replaces)
    assert answer["granted"], answer
    session_id: str = answer["session_id"]
    return session_id


async def live(db: Session, worker: str = "a", replaces: str | None = None) -> str:
    """A session past its hello; its id."""
    session_id = await connecting(db, worker, replaces)
    await report(db, worker, said(session_id, hello=HELLO))
    return session_id


def said(session_id: str, state: str = "live", **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """One session as a relay reports it."""
    silent = {"alive": state in ("live", "retiring"), "hello": None, "envelopes": 0, "end_reason": None}
    return {"session_id": session_id, "state": state} | silent | fields


async def report(db: Session, worker: str, *sessions: dict[str, Any], **arguments: Any) -> Any:  # noqa: ANN401
    """The answer of report_relay_sessions_v1."""
    return await db.call("report_relay_sessions_v1", worker=worker, sessions=list(sessions), **arguments)


async def row(db: Session, session_id: str) -> dict[str, Any]:
    """The row of a session."""
    return await db.row("select * from ops.relay_sessions where session_id = $1", session_id)


async def end_leases(db: Session, worker: str) -> None:
    """As if the worker had died some time ago."""
    await db.run("update ops.relay_sessions set lease_until = clock_timestamp() where worker = $1", worker)


async def pay_dials(db: Session) -> None:
    """As if nobody had dialled for long."""
    await db.run("update ops.relay_control set dials_paid_until = '-infinity'")


async def lay(db: Session, start_s: float, end_s: float, *, end_reason: str = "closed") -> str:
    """A session of the past that was alive from so many seconds ago until so many seconds ago; its id."""
    session_id: str = await db.value(
        """
        insert into ops.relay_sessions
            (session_id, worker, state, claimed_at, lease_until, hello_at, alive_until, ended_at, end_reason)
        select gen_random_uuid(), 'old', 'ended', t.a, t.b, t.a, t.b, t.b, $3
        from (
            select now() - make_interval(secs => $1) as a, now() - make_interval(secs => $2) as b
        ) t
        returning session_id
        """,
        start_s,
        end_s,
        end_reason,
    )
    return session_id
