"""One claimed delivery: render and post or update, call a hook, or look for an earlier post; then settle."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from notify_dispatch.briefing import brief, continues
from notify_dispatch.claimed import ClaimedDelivery
from notify_dispatch.event import Event
from notify_dispatch.hook import HookCaller
from notify_dispatch.outcome import LAYOUT_REFUSED, Outcome, of_post, of_post_error, of_update, of_update_error
from notify_dispatch.probe import probe
from notify_dispatch.reminder import remind
from notify_dispatch.render import Message, Occasion, has_buttons, render, render_plain
from notify_dispatch.render.details import render_details, render_plain_details
from notify_dispatch.render.digest import render_digest, render_plain_digest
from notify_dispatch.render.turn import render_turn, render_withdrawn
from pulser.card import Card
from pulser.database import Database
from pulser.errors import DatabaseUnavailable, PulserError, SecretMissing
from pulser.slack import REQUEST_TIMEOUT, SlackApi
from pulser.vault import Vault

LEASE_SECONDS = 20
# What would begin later than this after its claim was asked for might end after the lease: it is given back.
LATEST_START = LEASE_SECONDS - 1.5 * REQUEST_TIMEOUT
SETTLE_PAUSE = 0.5  # seconds between two tries to settle while the database is away
BUTTON_KEY = "pulser_button_key"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Deliverer:
    """What a delivery needs: the ledger, Vault, and the ways out."""

    ledger: Database
    vault: Vault
    slack: SlackApi
    hooks: HookCaller

    async def deliver(self, delivery: ClaimedDelivery, *, claimed_at: float) -> None:
        """Carry out a claimed delivery and settle it. Logs and never raises: one delivery's trouble is its own.

        `claimed_at` (time.monotonic) is when the claim was asked for: the lease cannot have begun before.
        """
        ids = {"delivery_id": delivery.delivery_id, "event_id": delivery.event["event_id"]}
        with structlog.contextvars.bound_contextvars(**ids, channel=delivery.channel, attempt=delivery.attempt):
            try:
                outcome = await self._carry_out(delivery, start_by=claimed_at + LATEST_START)
                await self._settle(delivery, outcome, claimed_at)
            except Exception:  # the boundary of one delivery: its lease runs out, and the next worker sees to it
                log.exception("delivery_left_to_its_lease")

    async def _carry_out(self, delivery: ClaimedDelivery, *, start_by: float) -> Outcome:
        match delivery.purpose:
            case "probe":
                return await probe(self.slack, delivery)
            case "hook":
                return await self.hooks.call(delivery, start_by=start_by)
            case "update":
                return await self._update(delivery, start_by)
            case "post":
                return await self._post(delivery, start_by)

    async def _post(self, delivery: ClaimedDelivery, start_by: float) -> Outcome:
        if delivery.given_up:
            return Outcome("dead", "given_up", "Slack failed with it again and again, for a day; it is not in Slack")
        if delivery.in_thread and not delivery.thread_ts:
            return Outcome("dead", "thread_missing", "the message in whose thread it belongs is not in Slack")
        channel = delivery.slack_channel_id or delivery.channel
        thread = {"thread_ts": delivery.thread_ts} if delivery.in_thread else {}
        try:
            message = await self._message(delivery)
            arguments = {"channel": channel, **thread, **message.to_arguments()}
            answer = await self.slack.call("chat.postMessage", start_by=start_by, **arguments)
        except PulserError as error:
            return of_post_error(
                error,
                attempt=delivery.attempt,
                jitter=_jitter(),
                refused_before=delivery.last_reason,
                # A thread is where its message is; no other channel of that name has it.
                by_remembered_id=channel != delivery.channel and not delivery.in_thread,
            )
        return dataclasses.replace(of_post(answer), card_version=message.card_version)

    async def _update(self, delivery: ClaimedDelivery, start_by: float) -> Outcome:
        channel, ts = delivery.slack_channel_id, delivery.slack_ts
        if not channel or not ts:
            return Outcome("dead", "message_unknown", "the ledger does not know the message that is to be changed")
        if "event_type" not in delivery.event and delivery.digest is None:
            return Outcome("dead", "event_gone", "its event is not there any more; the message stays as it is")
        try:
            message = await self._message(delivery)
            arguments = {"channel": channel, "ts": ts, **message.to_update()}
            answer = await self.slack.call("chat.update", start_by=start_by, **arguments)
        except PulserError as error:
            return of_update_error(
                error, attempt=delivery.attempt, jitter=_jitter(), refused_before=delivery.last_reason
            )
        outcome = of_update(answer, channel=channel, attempt=delivery.attempt, jitter=_jitter())
        return dataclasses.replace(outcome, card_version=message.card_version)

    async def _message(self, delivery: ClaimedDelivery) -> Message:
        """Raises DatabaseUnavailable when the key for the buttons cannot be asked for."""
        if delivery.digest is not None:
            draw = render_plain_digest if delivery.last_reason in LAYOUT_REFUSED else render_digest
            return _checked(draw(delivery.message_id, str(delivery.event["event_id"]), delivery.digest))
        event, card = Event.from_json(delivery.event), _card(delivery.card)
        if delivery.in_thread:
            return _checked(await self._in_thread(delivery, event, card))
        is_update = delivery.purpose == "update"
        occasion = Occasion(
            delivery_id=delivery.message_id,
            mention=delivery.mention,
            delayed_s=None if is_update else delivery.waited_s,
            card=card,
            button_key=await self._button_key() if has_buttons(event, card) else None,
            continues=await continues(self.slack, delivery),
        )
        if delivery.last_reason in LAYOUT_REFUSED:
            return render_plain(event, occasion)
        return _checked(render(event, occasion))

    async def _in_thread(self, delivery: ClaimedDelivery, event: Event, card: Card | None) -> Message:
        match delivery.thread_part:
            case "details":
                return _details(delivery, event, card)
            case "reminder":
                return remind(delivery, event, card)
            case "turn":
                return render_turn(delivery.delivery_id, event.event_id, card, delivery.mention)
            case "withdrawn":
                return render_withdrawn(delivery.delivery_id, event.event_id, card)
            case "briefing" | None:
                return await brief(self.slack, delivery, card)

    async def _button_key(self) -> str | None:
        try:
            return (await self.vault.read(BUTTON_KEY)).get_secret_value()
        except SecretMissing as error:
            # News without buttons are better than no news.
            log.error("message_without_buttons", error=str(error))  # noqa: TRY400  a traceback would say no more
            return None

    async def _settle(self, delivery: ClaimedDelivery, outcome: Outcome, claimed_at: float) -> None:
        """Tell the ledger, again and again while it is away and the lease holds: what we know must not be lost."""
        claim = {"delivery_id": delivery.delivery_id, "claim_token": delivery.claim_token}
        while True:
            try:
                settled = await self.ledger.call("settle_delivery_v1", {**claim, "outcome": outcome.to_json()})
                break
            except DatabaseUnavailable as error:
                if time.monotonic() - claimed_at > LEASE_SECONDS:
                    raise
                log.warning("settle_waits_for_the_database", error=str(error))
                await asyncio.sleep(SETTLE_PAUSE)
        _tell(delivery, outcome, settled)


def _tell(delivery: ClaimedDelivery, outcome: Outcome, settled: Mapping[str, Any]) -> None:
    if not settled["settled"]:
        log.warning("claim_was_taken_over", result=outcome.result)
    elif outcome.result in ("sent", "adopted"):
        told = {"kind": delivery.purpose, "result": outcome.result, "ts": outcome.slack_ts}
        log.info("delivered", **told, waited_ms=round(delivery.waited_s * 1000))
    else:
        log.warning("not_delivered", status=settled["status"], reason=outcome.reason, error=outcome.error)


def _checked(message: Message) -> Message:
    if message.degraded:
        log.error("rendering_failed", error=message.degraded)
    return message


def _details(delivery: ClaimedDelivery, event: Event, card: Card | None) -> Message:
    if delivery.last_reason in LAYOUT_REFUSED:
        return render_plain_details(delivery.delivery_id, event.event_id)
    return render_details(delivery.delivery_id, event, card)


def _card(described: Mapping[str, Any] | None) -> Card | None:
    """The card as the ledger tells it; an event's message does not fail because of it."""
    try:
        return None if described is None else Card.from_json(described)
    except (KeyError, TypeError, AttributeError):
        log.exception("card_is_unreadable")
        return None


def _jitter() -> float:
    return random.random()  # noqa: S311  it spreads retries, it guards nothing
