"""Secrets of a handler are changed while it works: the signing secret, and the functions' key."""

from __future__ import annotations

import json

from tests.integration.action_handler.stage import Stage, acknowledgement

NEW = "signing-sentinel-new"


async def acknowledge(stage: Stage, secret: str) -> str | None:
    """A click on a message of its own, in a request that Slack signs with this secret; its outcome."""
    await stage.emit("ci.failed")
    stage.slack.http.signing_secret = secret
    return (await stage.press("acknowledge")).outcome


async def test_the_signing_secret_is_changed_while_people_click(stage: Stage) -> None:
    """The former one stands as previous first: then requests of both are taken, in any order, and none is lost."""
    old = stage.slack.signing_secret
    outcomes = [await acknowledge(stage, old)]
    await stage.call("store_secret_v1", name="slack_signing_secret_previous", value=old)
    outcomes.append(await acknowledge(stage, old))
    await stage.call("store_secret_v1", name="slack_signing_secret", value=NEW)
    outcomes += [await acknowledge(stage, it) for it in (old, NEW, old, NEW)]
    await stage.settled()
    assert outcomes == ["acked"] * 6
    assert [it["type"] for it in await stage.audits()] == ["alert.acknowledged"] * 6


async def test_without_the_previous_one_the_former_secret_ends(stage: Stage) -> None:
    """As soon as the new one was seen: who knows a leaked secret is out, and nothing of his is recorded."""
    old = stage.slack.signing_secret
    assert await acknowledge(stage, old) == "acked"
    await stage.call("store_secret_v1", name="slack_signing_secret", value=NEW)
    assert await acknowledge(stage, NEW) == "acked"
    assert await acknowledge(stage, old) != "acked"
    await stage.settled()
    assert len(await stage.audits()) == 2


async def test_a_ring_with_the_former_key_changes_nothing(stage: Stage) -> None:
    """The relay's call is refused and its envelope waits; the sweep rings with the new key, and it is carried out."""
    envelope_id = await stage.record(await acknowledgement(stage, await stage.emit("ci.failed")))
    await stage.call("store_secret_v1", name="pulser_functions_url", value="http://functions.example")
    await stage.call("store_secret_v1", name="pulser_function_key", value=NEW)
    seen = await stage.http.post("/", json={"drain": False}, headers={"apikey": NEW})
    assert seen.status_code == 400  # let in, and then not understood
    assert (await stage.forward(envelope_id)).status_code == 401
    assert await stage.audits() == []
    await stage.sql.execute("update ops.slack_envelopes set next_attempt_at = now() - interval '1 second'")
    assert await stage.sql.fetchval("select ops.sweep_envelopes_v1()") == 1
    ring = json.loads(await stage.sql.fetchval("select headers from net.http_request_queue order by id desc limit 1"))
    await stage.http.post("/", json={"drain": True}, params={"wait": "1"}, headers={"apikey": ring["apikey"]})
    assert [it["type"] for it in await stage.audits()] == ["alert.acknowledged"]
