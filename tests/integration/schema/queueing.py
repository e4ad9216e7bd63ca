"""What the tests of the queue of deploys share: asking for one, changing it, ending it."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.acting import card, claimed_click, requested_deploy, settle
from tests.integration.schema.helpers import Session

ALICE = {"user": "U0ALICE", "name": "alice", "reason": "a fix"}
NOT_NEEDED = {"requested": ALICE, "approval": {"decision": "not_needed"}}
NEEDED = {"requested": ALICE, "quorum": {"needed": 1}}


async def ask(db: Session, release: str, phase: str = "queued", **more: Any) -> str:  # noqa: ANN401
    """A deploy that somebody asked for; the id of its card."""
    state = NOT_NEEDED if phase != "requested" else NEEDED
    return await requested_deploy(db, **{"release": release, "phase": phase, "state": state} | more)


async def move(db: Session, card_id: str, phase: str, token: str | None = None, **state: Any) -> dict[str, Any]:  # noqa: ANN401
    """A person's change of a card."""
    found = await card(db, card_id)
    place = {name: found[name] for name in ("card_id", "version", "kind", "service", "environment", "release")}
    told = {"card": place | {"phase": phase, "state": found["state"] | state}}
    return await settle(db, token or await claimed_click(db), **told)


async def end(db: Session, card_id: str, what: str = "completed") -> None:
    """What a deployer tells, as record_deliveries_v1 applies it."""
    told = {"deploy_id": card_id, "what": what}
    await db.value("select ops.apply_deploy_result_v1(gen_random_uuid(), $1)", told)


async def phases(db: Session, *cards: str) -> list[str]:
    return [(await card(db, it))["phase"] for it in cards]
