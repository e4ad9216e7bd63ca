"""What somebody did in Slack, read from the envelope. Pure; nothing that JSON can say makes it fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from pulser.deploy_modal import CALLBACK_ID
from pulser.envelope import Envelope
from pulser.silence import ACTION_ID as SILENCE

Verb = Literal["acknowledge", "investigate", "snooze", "rollback", "approve", "reject"]
VERBS: Final[tuple[Verb, ...]] = get_args(Verb)

PREFIX: Final = "pulser_"
OPEN: Final = "pulser_open"  # a link: Slack opens it and tells us


@dataclass(frozen=True, slots=True)
class Press:
    """Our button, or an option of our menu, pressed by `user` (`name` is untrusted). `value` is what it carried."""

    verb: Verb
    user: str
    name: str | None
    value: str | None

    @property
    def action_id(self) -> str:
        """The button's own name, which its value is signed for."""
        return f"{PREFIX}{self.verb}"


@dataclass(frozen=True, slots=True)
class DeploySubmission:
    """The deploy modal, submitted. `view` as Slack sends it."""

    user: str
    name: str | None
    view: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SilencePress:
    """The button that confirms a silence, pressed by `user` (`name` is untrusted). `value` is what it carried."""

    user: str
    name: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Nothing:
    """What has no effect. `refused`: whoever did it expected one; without it, it is as it should be."""

    what: str
    reason: str
    refused: bool = False


Action: TypeAlias = Press | DeploySubmission | SilencePress | Nothing


def read_action(envelope: Envelope) -> Action:
    """The action that an interactive envelope tells of."""
    if envelope.user_id is None:
        return Nothing(envelope.interaction or "interaction", "nobody_named", refused=True)
    match envelope.interaction:
        case "block_actions":
            return _read_press(envelope, envelope.user_id)
        case "view_submission":
            return _read_submission(envelope, envelope.user_id)
        case "view_closed":
            return Nothing("view_closed", "closed")
        case other:
            return Nothing(other or "interaction", "unknown_interaction", refused=True)


def _read_press(envelope: Envelope, user: str) -> Action:
    action = _first(envelope.payload.get("actions"))
    action_id, value = action.get("action_id"), _value(action)
    if action_id == OPEN:
        return Nothing("open", "a_link")
    if action_id == SILENCE:
        return SilencePress(user, envelope.user_name, value if isinstance(value, str) else None)
    verb = next((it for it in VERBS if action_id == f"{PREFIX}{it}"), None)
    if verb is not None:
        return Press(verb, user, envelope.user_name, value if isinstance(value, str) else None)
    if action.get("type") in {"static_select", "plain_text_input"} and isinstance(
        envelope.payload.get("view"), Mapping
    ):
        return Nothing("input", "an_input_of_a_modal")
    return Nothing(str(action_id or "button")[:100], "unknown_action", refused=True)


def _read_submission(envelope: Envelope, user: str) -> Action:
    view = envelope.payload.get("view")
    if isinstance(view, Mapping) and view.get("callback_id") == CALLBACK_ID:
        return DeploySubmission(user, envelope.user_name, view)
    return Nothing("modal", "unknown_modal", refused=True)


def _value(action: Mapping[str, Any]) -> object:
    """What a button carried, or the option of a menu that was chosen."""
    option = action.get("selected_option")
    return option.get("value") if isinstance(option, Mapping) else action.get("value")


def _first(actions: object) -> Mapping[str, Any]:
    first = actions[0] if isinstance(actions, list) and actions else None
    return first if isinstance(first, Mapping) else {}
