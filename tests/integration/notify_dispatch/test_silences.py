"""Silences on their whole way: what a dispatcher posts, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.notify_dispatch.conftest import Bench

ROUTES = (
    {"event_pattern": "silence.*", "channel": "#general"},
    {"event_pattern": "*", "channel": "#ops-ci"},
)


async def silence(bench: Bench, **patterns: Any) -> str:  # noqa: ANN401  JSON
    """One of an hour; its id."""
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    told = {
        "ends_at": ends_at.isoformat(),
        "created_by": {"user": None, "name": "ana"},
        "reason": "rebuild",
        **patterns,
    }
    answer = await bench.ledger.call("start_silence_v1", {"silence": told, "actor": "ana"})
    silence_id: str = answer["silence"]["silence_id"]
    return silence_id


async def test_a_silence_mutes_what_it_covers_and_is_told_at_both_ends(bench: Bench) -> None:
    """Critical events and other services' are posted; after the end all is heard again, and the number is told."""
    await bench.route(*ROUTES)
    silence_id = await silence(bench, service="api", event_pattern="ci.*")
    await bench.drain()
    muted = [await bench.emit("ci.failed") for _ in range(3)]
    heard = [
        await bench.emit("ci.failed", {"service": "web"}),
        await bench.emit("ci.failed", {"service": "api", "severity": "critical"}),
        await bench.emit("task.failed"),
    ]
    await bench.drain()
    by = {"user": None, "name": "bo"}
    await bench.ledger.call("end_silence_v1", {"silence_id": silence_id, "ended_by": by, "actor": "bo"})
    after = await bench.emit("ci.failed")
    await bench.drain()
    posted = {it["event_id"] for it in await bench.deliveries() if it["status"] == "sent"}
    assert posted >= {*heard, after}
    assert not posted & {*muted}
    began, over = [it.text for it in bench.messages("general")]
    assert "ana silenced *api* `ci.*` until <!date^" in began
    assert "*api* `ci.*` is heard again: ana silenced it from <!date^" in over
    assert "and bo ended it before its time. It muted 3 events: 3 `ci.failed`." in over


async def test_a_silenced_result_still_changes_its_deploy(bench: Bench) -> None:
    """Its card stands in the channel and shows it; the silence has no say in that."""
    await bench.route(*ROUTES)
    hook = {"type": "webhook", "url": "https://deployer.example/x", "secret": "pulser_hook_x"}
    described = {"service": "api", "environments": ["production"], "deploy": hook}
    await bench.ledger.call("apply_services_v1", {"services": [described]})
    await silence(bench)
    card = {"event": "main", "service": "api", "environment": "production", "release": "1.2", "phase": "approved"}
    asked = {"key": "main", "event_type": "deploy.requested", "payload": {"service": "api", "version": "1.2"}}
    deploy = (await bench.act("deploy.requested", events=[asked], new_card=card))["card"]["card_id"]
    await bench.drain()
    told = {"service": "api", "environment": "production", "version": "1.2", "deploy_id": deploy}
    result = await bench.emit("deploy.completed", told)
    await bench.drain()
    found = await bench.ledger.call("card_for_event_v1", {"event_id": deploy})
    assert found["phase"] == "completed"
    story = await bench.ledger.call("event_story_v1", {"event_id": result})
    assert (story["dispatch"]["status"], story["deliveries"]) == ("routed", [])
    assert (await bench.delivery_of("update"))["status"] == "sent"
