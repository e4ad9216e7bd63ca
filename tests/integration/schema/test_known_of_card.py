"""What a briefing tells, as the ledger knows it when the briefing is claimed."""

from __future__ import annotations

from typing import Any

from tests.integration.schema.acting import act, audit, service
from tests.integration.schema.helpers import SENT, Session

PLACE = {"service": "api", "environment": "production"}
ADA = {"user": "U1", "name": "ada", "at": "2026-11-24T12:00:00Z"}


async def happened(db: Session, event_type: str, payload: dict[str, Any] | None = None, **routing: Any) -> str:  # noqa: ANN401
    """An event of api in production, routed to nobody with what its router has read of it; its id."""
    told = PLACE | (payload or {})
    event: str = await db.call("append_event_v1", event_type=event_type, payload=told, actor="ci")
    claim = await db.claim_events()
    others = [it["event_id"] for it in claim["events"] if it["event_id"] != event]
    described = [
        {"event_id": event, "deliveries": [], **routing},
        *({"event_id": it, "deliveries": []} for it in others),
    ]
    await db.call("record_deliveries_v1", claim_token=claim["claim_token"], routings=described)
    return event


async def alert(db: Session, title: str = "odd", **place: str | None) -> str:
    told = PLACE | place
    return await happened(db, "ci.failed", {"title": title, **told}, card={"kind": "alert", **told})


async def deployed(db: Session, what: str, version: str, **place: str) -> str:
    told = PLACE | place | {"version": version}
    card = {"card": {"kind": "release", **PLACE, **place, "release": version}} if what == "completed" else {}
    fact = {"aspect": "deploy", "what": what, **told}
    return await happened(db, f"deploy.{what}", told, fact=fact, deploy_result={**told, "what": what}, **card)


async def known(db: Session, card_id: str) -> dict[str, Any]:
    found: dict[str, Any] = await db.call("known_of_card_v1", card_id=card_id)
    return found


async def test_the_newest_deployment_and_those_before_it(db: Session) -> None:
    """Three at most, the newest first, with who wrote of them; also one that has not ended."""
    for version in "1234":
        await deployed(db, "completed", version)
    await deployed(db, "started", "5")
    told = (await known(db, await alert(db)))["deploys"]
    assert [(it["what"], it["version"], it["actor"], it["by"]) for it in told] == [
        ("started", "5", "ci", None), ("completed", "4", "ci", None), ("completed", "3", "ci", None),
    ]  # fmt: skip


async def test_who_asked_for_a_deployment_in_slack(db: Session) -> None:
    """The person, not the machine that told how it ended."""
    await service(db)
    card = {"event": "main", **PLACE, "release": "7", "phase": "approved", "state": {"requested": ADA}}
    await act(db, events=[audit("deploy.requested")], new_card=card)
    await deployed(db, "completed", "7")
    [told] = (await known(db, await alert(db)))["deploys"]
    assert (told["version"], told["by"]) == ("7", ADA)


async def test_other_environments_and_services_are_not_told(db: Session) -> None:
    """Neither their deployments nor their CI; other alerts of the service are, wherever they are."""
    await deployed(db, "completed", "1", environment="staging")
    await deployed(db, "completed", "1", service="web")
    await happened(db, "ci.passed", fact={"service": "web", "aspect": "ci", "what": "passed"})
    await alert(db, "of another", service="web")
    await alert(db, "in staging", environment="staging")
    told = await known(db, await alert(db))
    assert (told["deploys"], told["ci"]) == ([], None)
    assert [it["event"]["payload"]["title"] for it in told["alerts"]] == ["in staging"]


async def test_an_alert_that_names_no_environment_hears_of_all(db: Session) -> None:
    """It may be of any."""
    await deployed(db, "completed", "1", environment="staging")
    [told] = (await known(db, await alert(db, environment=None)))["deploys"]
    assert told["environment"] == "staging"


async def test_an_alert_that_names_no_service_hears_of_nothing(db: Session) -> None:
    """Nothing is known of it."""
    await deployed(db, "completed", "1")
    told = await known(db, await alert(db, service=None))
    assert told == {"alerts": [], "alerts_total": 0, "ci": None, "deploys": [], "runbook_url": None}


async def test_the_last_run_of_ci_and_the_runbook(db: Session) -> None:
    """CI names no environment."""
    await service(db, runbook_url="https://runbooks.example/api")
    for what in ("failed", "passed"):
        await happened(
            db,
            f"ci.{what}",
            fact={"service": "api", "aspect": "ci", "what": what, "branch": "main", "url": "https://x"},
        )
    told = await known(db, await alert(db))
    assert told["runbook_url"] == "https://runbooks.example/api"
    assert (told["ci"]["what"], told["ci"]["branch"], told["ci"]["url"]) == ("passed", "main", "https://x")


async def test_the_other_alerts_open_ones_first(db: Session) -> None:
    """Five of them, with how many there are, who has one in hand, and where its message stands."""
    for number in range(7):
        await alert(db, str(number))
    mine = await alert(db, "mine")
    newest = await db.value("select card_id from ops.cards where card_id <> $1 order by created_at desc limit 1", mine)
    await db.run(
        "update ops.cards set phase = 'acknowledged', state = jsonb_build_object('acknowledged', $2::jsonb) "
        "where card_id = $1", newest, ADA,
    )  # fmt: skip
    told = await known(db, mine)
    assert told["alerts_total"] == 7
    assert [it["event"]["payload"]["title"] for it in told["alerts"]] == ["5", "4", "3", "2", "1"]


async def test_where_another_alert_stands(db: Session) -> None:
    """Its message's channel and ts, not its briefing's."""
    [delivery] = await db.queue()
    await db.settle(await db.claim_one(), "sent")
    first = await db.value("select event_id from ops.deliveries where delivery_id = $1", delivery)
    state = {"investigating": ADA}
    change = {"card_id": first, "version": 0, "kind": "alert", "service": "api", "phase": "investigating"}
    await act(db, card={**change, "state": state}, briefing={"channel": None})
    for claimed in await db.claim():
        await db.settle(claimed, "sent", slack_ts="1800000000.000100")
    [told] = (await known(db, await alert(db)))["alerts"]
    assert {name: told[old] for name, old in (("slack_channel_id", "channel"), ("slack_ts", "ts"))} == SENT
    assert (told["phase"], told["by"]) == ("investigating", ADA)


async def test_yesterdays_alerts_are_not_told(db: Session) -> None:
    """As `/pulser status` counts them."""
    old = await alert(db)
    await db.run("update ops.cards set seen_at = seen_at - interval '25 hours' where card_id = $1", old)
    assert (await known(db, await alert(db)))["alerts_total"] == 0
