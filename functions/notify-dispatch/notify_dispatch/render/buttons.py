"""The buttons that belong to an event. Their values are compact JSON: version, event and delivery."""

from __future__ import annotations

import json
from collections.abc import Iterator

from slack_sdk.models.blocks import ActionsBlock, ButtonElement, ConfirmObject, PlainTextObject

from notify_dispatch.event import Event
from notify_dispatch.render.words import HEADLINES, headline, subject
from pulser.blocks import ACCESSIBILITY_LABEL, CONFIRM_TEXT, plain

_ALERTS = {"error_rate.exceeded", "ci.failed", "deploy.failed", "task.failed", "delivery.dead"}
_DEPLOYED = {"deploy.completed", "deploy.failed"}


def is_alert(event: Event) -> bool:
    """Whether somebody must look at the event: a failure, or an unknown type of severity error or above."""
    return event.event_type in _ALERTS or (event.event_type not in HEADLINES and event.at_least("error"))


def buttons(event: Event, delivery_id: str) -> ActionsBlock | None:
    """The row of buttons, the most urgent first; None when there is none."""
    identity = {"v": 1, "event_id": event.event_id, "delivery_id": delivery_id}
    value = json.dumps(identity, ensure_ascii=False, separators=(",", ":"))
    elements = list(_buttons(event, value))
    return ActionsBlock(elements=elements) if elements else None


def _buttons(event: Event, value: str) -> Iterator[ButtonElement]:
    if is_alert(event):
        yield _button(event, "Acknowledge", value=value)
        yield _button(event, "Investigate", value=value)
    if event.event_type == "deploy.requested":
        yield _button(event, "Approve", value=value, style="primary", confirm=_confirm_approve(event))
    if event.event_type in _DEPLOYED and event.version:
        yield _button(event, "Rollback", value=value, style="danger", confirm=_confirm_rollback(event))
    if event.url:
        yield _button(event, "Open", url=event.url)


def _button(event: Event, label: str, **options: str | ConfirmObject) -> ButtonElement:
    told = f"{label}: {headline(event)}" + (f", {subject(event)}" if subject(event) else "")
    return ButtonElement(
        text=_text(label),
        action_id=f"pulser_{label.lower()}",
        accessibility_label=plain(told, ACCESSIBILITY_LABEL),
        **options,  # type: ignore[arg-type]  # the options are spelled out in `_buttons`, a few lines above
    )


def _confirm_rollback(event: Event) -> ConfirmObject:
    question = f"This asks for a rollback of {subject(event) or 'this deploy'}, now at version {event.version}."
    return _confirm("Roll back?", question, "Roll back", "danger")


def _confirm_approve(event: Event) -> ConfirmObject:
    version = f" version {event.version} of" if event.version else ""
    return _confirm("Approve this deploy?", f"This deploys{version} {subject(event) or 'it'}.", "Approve", "primary")


def _confirm(title: str, question: str, confirm: str, style: str) -> ConfirmObject:
    return ConfirmObject(
        title=_text(title),
        text=_text(plain(question, CONFIRM_TEXT)),
        confirm=_text(confirm),
        deny=_text("Cancel"),
        style=style,
    )


def _text(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)
