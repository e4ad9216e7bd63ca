"""Cards for the tests of the pure modules: what people do to them, and what nobody would."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from pulser.card import Card
from tests.unit.notify_dispatch.events import EVENT_ID, KNOWN_KEYS, json_values, scalars, texts

ALICE = {"user": "U0ALICE001", "name": "alice", "at": "2026-11-24T07:40:00Z"}
BOB = {"user": "U0BOB00001", "name": "bob", "at": "2026-11-24T07:42:00Z"}
REQUESTED = {**ALICE, "reason": "hotfix for checkout", "version": "1.2.3"}
APPROVED = {"by": BOB, "decision": "approved"}
ACCEPTED = {"status": "accepted", "action": "deploy", "at": "2026-11-24T07:42:03Z", "url": "https://ci.example/runs/1"}
ROLLBACK = {**BOB, "release": "1.2.3"}
PHASES = {
    "alert": ["open", "acknowledged", "investigating", "resolved"],
    "deploy": ["requested", "approved", "rejected", "started", "completed", "failed", "expired", "queued"],
    "release": ["deployed", "rolling_back", "rolled_back"],
}


def card(kind: str, phase: str, **state: Any) -> Card:  # noqa: ANN401  a card's state is JSON
    """A card of api in production, version 1.2.3, that has changed once or more."""
    return Card.from_json(
        {
            "card_id": EVENT_ID,
            "version": 1,
            "kind": kind,
            "service": "api",
            "environment": "production",
            "release": "1.2.3",
            "phase": phase,
            "state": state,
            "event": {},
            "current_release": "1.2.3",
        }
    )


def queued(**place: Any) -> Card:  # noqa: ANN401
    """A deploy that waits for its turn at this place, as the ledger tells it of now."""
    return replace(card("deploy", "queued", requested=REQUESTED), queue_place=place)


def result(what: str, **told: str) -> dict[str, str]:
    """What the ledger keeps of the event that tells how a deploy goes."""
    return {"what": what, "event_id": EVENT_ID, "version": "1.2.3", "at": "2026-11-24T07:45:00Z", **told}


def users(given: Card) -> set[str]:
    """Everything in a card's state that looks like a Slack user."""
    return set(re.findall(r'"user": "([UW][A-Z0-9]{2,})"', json.dumps(given.state)))


times = st.datetimes().map(lambda moment: moment.isoformat()) | st.sampled_from(
    ["2026-11-24T07:40:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "soon"]
)
people: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"user": st.sampled_from(["U0ALICE001", "W0BOB00001", "U0BOB"]) | texts},
    optional={"name": texts, "at": times, "reason": texts, "version": texts, "release": texts},
)
_parts = {
    "acknowledged": people,
    "investigating": people,
    "requested": people,
    "rollback": people,
    "approval": st.fixed_dictionaries(
        {"decision": st.sampled_from(["approved", "rejected", "not_needed"])}, optional={"by": people}
    ),
    "approvals": st.lists(people, max_size=12),
    "quorum": st.fixed_dictionaries({"needed": st.integers(-1, 11), "plan": texts}),
    "queue": st.fixed_dictionaries(
        {},
        optional={
            "behind": st.fixed_dictionaries({}, optional={"release": texts, "by": people}),
            "turn": st.fixed_dictionaries(
                {"at": times},
                optional={
                    "confirm": st.booleans(),
                    "after": st.fixed_dictionaries(
                        {}, optional={"release": texts, "phase": texts, "broke": st.booleans()}
                    ),
                },
            ),
        },
    ),
    "hook": st.fixed_dictionaries(
        {"status": st.sampled_from(["queued", "accepted", "failed"])},
        optional={"at": times, "text": texts, "url": texts, "action": st.sampled_from(["deploy", "rollback"])},
    ),
    "seen": st.fixed_dictionaries(
        {"count": st.integers(), "said": st.dictionaries(st.sampled_from(KNOWN_KEYS), json_values, max_size=5)},
        optional={"last_at": times, "severity": texts | st.sampled_from(["warning", "critical"])},
    ),
    "resolved": st.fixed_dictionaries(
        {}, optional={"at": times, "after_s": scalars, "event_type": texts, "url": texts, "superseded_by": texts}
    ),
    "started": st.fixed_dictionaries({}, optional={"at": times, "actor": texts}),
    "result": st.fixed_dictionaries(
        {"what": st.sampled_from(["started", "completed", "failed"])},
        optional={"at": times, "url": texts, "version": texts, "text": texts},
    ),
}
states = st.fixed_dictionaries({}, optional=dict(_parts)) | st.dictionaries(
    st.sampled_from(list(_parts)) | texts, json_values, max_size=7
)
cards = st.builds(
    Card,
    card_id=st.just(EVENT_ID),
    version=st.integers(0, 1000),
    kind=st.sampled_from(["alert", "deploy", "release"]),
    service=st.none() | texts,
    environment=st.none() | texts,
    release=st.none() | st.just("1.2.3") | st.text(max_size=300),
    phase=st.sampled_from([phase for phases in PHASES.values() for phase in phases]) | texts,
    state=states,
    event=st.just({}),
    current_release=st.none() | st.just("1.2.3") | st.text(max_size=300),
)
