"""The buttons that belong to what a message stands for, by its phase. Their values are signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from slack_sdk.models.blocks import ActionsBlock, ButtonElement, ConfirmObject, InteractiveElement, PlainTextObject

from notify_dispatch.event import Event
from notify_dispatch.render.message import Occasion
from notify_dispatch.render.quorum import approval_of, shown_plan
from notify_dispatch.render.snooze import snooze_menu
from notify_dispatch.render.standing import Standing
from notify_dispatch.render.words import subject
from pulser.blocks import ACCESSIBILITY_LABEL, CONFIRM_TEXT, plain
from pulser.button_value import ButtonValue, sign

# The most urgent first.
_OFFERED: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("alert", "open"): ("Acknowledge", "Investigate"),
    ("alert", "acknowledged"): ("Investigate",),
    ("deploy", "queued"): ("Withdraw",),
    ("deploy", "requested"): ("Approve", "Reject"),
    ("deploy", "completed"): ("Rollback",),
    ("release", "deployed"): ("Rollback",),
}
_STYLES: Final = {"Approve": "primary", "Reject": "danger", "Withdraw": "danger", "Rollback": "danger"}
_NAME: Final = 30  # of a confirm dialog's title, which has a hundred characters
_ACTIONS: Final = {"Withdraw": "pulser_reject"}  # the same deed, before anybody could approve it


def offered(standing: Standing) -> tuple[str, ...]:
    """The labels of the buttons that act. Rollback is offered once, for the release that runs, if there is a hook."""
    labels = _OFFERED.get((standing.kind, standing.phase), ())
    if standing.deploy_failed and standing.phase != "resolved":
        labels = (*labels, "Rollback")
    if not _may_be_rolled_back(standing):
        return tuple(label for label in labels if label != "Rollback")
    return labels


def buttons(event: Event, standing: Standing, occasion: Occasion) -> ActionsBlock | None:
    """The row of buttons; None when there is none."""
    elements = list(_buttons(event, standing, occasion))
    return ActionsBlock(elements=elements) if elements else None


def _buttons(event: Event, standing: Standing, occasion: Occasion) -> Iterator[InteractiveElement]:
    draw = _Draw(event, standing)
    if occasion.button_key is not None:
        for label in offered(standing):
            release = standing.release if label == "Rollback" else None
            plan = shown_plan(standing.card) if label == "Approve" else None
            value = ButtonValue(event.event_id, occasion.delivery_id, release, plan=plan)
            yield draw.acting(label, sign(value, occasion.button_key, _action_id(label)))
    if event.url:
        yield draw.link("Open", event.url)
    menu = snooze_menu(event, standing, occasion)
    if menu:
        yield menu


@dataclass(frozen=True, slots=True)
class _Draw:
    event: Event
    standing: Standing

    def acting(self, label: str, value: str) -> ButtonElement:
        return ButtonElement(
            text=_text(label),
            action_id=_action_id(label),
            value=value,
            style=_STYLES.get(label),
            confirm=self._confirm(label),
            accessibility_label=self._told(label),
        )

    def link(self, label: str, url: str) -> ButtonElement:
        return ButtonElement(
            text=_text(label), action_id=_action_id(label), url=url, accessibility_label=self._told(label)
        )

    def _told(self, label: str) -> str:
        about = subject(self.event)
        return plain(f"{label}: {self.standing.words}{f', {about}' if about else ''}", ACCESSIBILITY_LABEL)

    def _confirm(self, label: str) -> ConfirmObject | None:
        """What is hard to take back asks first, and names what it is about."""
        about = subject(self.event)
        version = f"version {self.event.version} of " if self.event.version else ""
        match label:
            case "Approve":
                deploys = f"{approval_of(self.standing.card)} {version}{about or 'it'}."
                return _confirm("Approve this deploy?", deploys, label)
            case "Withdraw":
                return _confirm(_whose(self.standing), f"This takes {version}{about or 'it'} out of the queue.", label)
            case "Reject":
                return _confirm("Reject this deploy?", f"This refuses to deploy {version}{about or 'it'}.", label)
            case "Rollback":
                what = f"version {self.standing.release} of {about}" if about else f"version {self.standing.release}"
                return _confirm("Roll back?", f"This asks for a rollback of {what}.", "Roll back")
        return None


def _action_id(label: str) -> str:
    return _ACTIONS.get(label, f"pulser_{label.lower()}")


def _whose(standing: Standing) -> str:
    """ "Withdraw @carol's deploy of v1.3.0?": it may be another's. In plain text an ID would not become a name."""
    asked = standing.card.person("requested") if standing.card else None
    name = plain(asked.name or asked.user, _NAME) if asked else ""
    release = plain(standing.release or "", _NAME)
    of = f" of {release}" if release else ""
    return f"Withdraw @{name}'s deploy{of}?" if name else f"Withdraw this deploy{of}?"


def _may_be_rolled_back(standing: Standing) -> bool:
    is_under_way = standing.card is not None and bool(standing.card.state.get("rollback"))
    return standing.release is not None and standing.is_current and standing.can_roll_back and not is_under_way


def _confirm(title: str, question: str, confirm: str) -> ConfirmObject:
    return ConfirmObject(
        title=_text(title),
        text=_text(plain(question, CONFIRM_TEXT)),
        confirm=_text(confirm),
        deny=_text("Cancel"),
        style="primary" if confirm == "Approve" else "danger",
    )


def _text(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)
