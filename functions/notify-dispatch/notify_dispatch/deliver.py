"""One claimed delivery: render, post (or look for an earlier post), settle."""

from __future__ import annotations

import asyncio
import random
import time

import structlog

from notify_dispatch.claimed import ClaimedDelivery
from notify_dispatch.event import Event
from notify_dispatch.outcome import LAYOUT_REFUSED, Outcome, of_post, of_post_error
from notify_dispatch.probe import probe
from notify_dispatch.render import Message, render, render_plain
from pulser.database import Database
from pulser.errors import DatabaseUnavailable, PulserError
from pulser.slack import REQUEST_TIMEOUT, SlackApi

LEASE_SECONDS = 20
# A post that would begin later than this after its claim was asked for might end after the lease: it is given back.
LATEST_START = LEASE_SECONDS - 1.5 * REQUEST_TIMEOUT
SETTLE_PAUSE = 0.5  # seconds between two tries to settle while the database is away

log = structlog.get_logger()


async def deliver(delivery: ClaimedDelivery, ledger: Database, slack: SlackApi, *, claimed_at: float) -> None:
    """Carry out a claimed delivery and settle it. Logs and never raises: one delivery's trouble is its own.

    `claimed_at` (time.monotonic) is when the claim was asked for: the lease cannot have begun before.
    """
    ids = {"delivery_id": delivery.delivery_id, "event_id": delivery.event["event_id"]}
    with structlog.contextvars.bound_contextvars(**ids, channel=delivery.channel, attempt=delivery.attempt):
        try:
            if delivery.purpose == "probe":
                outcome = await probe(slack, delivery)
            else:
                outcome = await _post(delivery, slack, claimed_at)
            await _settle(delivery, ledger, outcome, claimed_at)
        except Exception:  # the boundary of one delivery: its lease runs out, and the probe finds what happened
            log.exception("delivery_left_to_its_lease")


async def _post(delivery: ClaimedDelivery, slack: SlackApi, claimed_at: float) -> Outcome:
    if delivery.given_up:
        return Outcome("dead", "given_up", "Slack failed with it again and again, for a day; it is not in Slack")
    channel = delivery.slack_channel_id or delivery.channel
    arguments = _message(delivery).to_arguments()
    try:
        answer = await slack.call("chat.postMessage", start_by=claimed_at + LATEST_START, channel=channel, **arguments)
    except PulserError as error:
        return of_post_error(
            error,
            attempt=delivery.attempt,
            jitter=random.random(),  # noqa: S311  it spreads retries, it guards nothing
            refused_before=delivery.last_reason,
            by_remembered_id=channel != delivery.channel,
        )
    return of_post(answer)


def _message(delivery: ClaimedDelivery) -> Message:
    event = Event.from_json(delivery.event)
    if delivery.last_reason in LAYOUT_REFUSED:
        return render_plain(event, delivery_id=delivery.delivery_id, mention=delivery.mention)
    message = render(event, delivery_id=delivery.delivery_id, mention=delivery.mention, delayed_s=delivery.waited_s)
    if message.degraded:
        log.error("rendering_failed", error=message.degraded)
    return message


async def _settle(delivery: ClaimedDelivery, ledger: Database, outcome: Outcome, claimed_at: float) -> None:
    """Tell the ledger, again and again while it is away and the lease holds: what we know must not be lost."""
    arguments = {"delivery_id": delivery.delivery_id, "claim_token": delivery.claim_token, "outcome": outcome.to_json()}
    while True:
        try:
            settled = await ledger.call("settle_delivery_v1", arguments)
            break
        except DatabaseUnavailable as error:
            if time.monotonic() - claimed_at > LEASE_SECONDS:
                raise
            log.warning("settle_waits_for_the_database", error=str(error))
            await asyncio.sleep(SETTLE_PAUSE)
    if not settled["settled"]:
        log.warning("claim_was_taken_over", result=outcome.result)
    elif outcome.result in ("sent", "adopted"):
        log.info("delivered", result=outcome.result, waited_ms=round(delivery.waited_s * 1000), ts=outcome.slack_ts)
    else:
        log.warning("not_delivered", status=settled["status"], reason=outcome.reason, error=outcome.error)
