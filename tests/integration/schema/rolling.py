"""What the tests of rollbacks share: a deploy that has ended, its rollback, the calls of its hook."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.acting import act, audit, card, requested_deploy
from tests.integration.schema.firing import fire
from tests.integration.schema.helpers import Session

CALL = {"card": "card", "service": "api", "action": "rollback", "inputs": {}}


async def deployed(db: Session, release: str, what: str = "completed", **told: Any) -> tuple[str, str]:  # noqa: ANN401
    """A deploy from Slack that has ended; the ids of its card and of its result."""
    card_id = await requested_deploy(db, release=release, phase="approved")
    return card_id, await tell(db, card_id, what, **told)


async def tell(db: Session, card_id: str, what: str, **told: Any) -> str:  # noqa: ANN401
    """The deployer tells of what a card asked for, by its id; the event's id."""
    return await fire(db, f"deploy.{what}", of={"deploy_id": card_id} | told)


async def roll_back(db: Session, card_id: str) -> dict[str, Any]:
    """Somebody asks for the rollback of a card as it is now."""
    found = await card(db, card_id)
    kept = {name: found[name] for name in ("card_id", "version", "kind", "service", "environment", "release", "phase")}
    if found["kind"] == "release":
        kept["phase"] = "rolling_back"
    state = found["state"] | {"rollback": {"user": "U1", "name": "ada", "at": "2026-11-24T12:00:00Z"}}
    return await act(db, events=[audit("rollback.requested")], card=kept | {"state": state}, hooks=[CALL])


async def called(db: Session) -> dict[str, Any]:
    """The call of a hook that a worker is just making."""
    [hook] = [it for it in await db.claim() if it["purpose"] == "hook"]
    return hook


async def in_doubt(db: Session) -> str:
    """A hook was called and did not answer in time; the id of its delivery."""
    hook = await called(db)
    await db.settle(hook, "failed", reason="timeout")
    delivery_id: str = hook["delivery_id"]
    return delivery_id


async def die(db: Session, delivery_id: str) -> None:
    """A hook is tried for the last time."""
    later = "clock_timestamp() + make_interval(mins => 10)"
    now = f"case delivery_id when $1 then clock_timestamp() else {later} end"
    await db.run(f"update ops.deliveries set next_attempt_at = {now} where kind = 'hook'", delivery_id)  # noqa: S608
    hook = await called(db)
    assert hook["delivery_id"] == delivery_id
    await db.settle(hook, "dead", hook_status="failed", hook_text="no answer")
