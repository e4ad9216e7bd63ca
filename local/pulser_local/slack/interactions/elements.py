"""What a person can press and fill in, and how it stands in a payload. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pulser_local.slack import limits
from pulser_local.slack.workspace import Json

_OPTION_INPUTS: Final = {"static_select", "external_select", "radio_buttons", "overflow"}
_OPTIONS_INPUTS: Final = {"multi_static_select", "multi_external_select", "checkboxes"}
# Of the other elements: which field holds what was chosen, and which what is chosen before.
_FIELDS: Final = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}


class CannotAct(ValueError):
    """What nobody could do on Slack's page. `problems` are by block_id, where fields are concerned."""

    def __init__(self, words: str, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.problems = dict(problems or {})


def acting_elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each element that can be pressed or chosen, with its block before it."""
    for block in blocks:
        for element in block.get("elements", []) if block["type"] == "actions" else []:
            yield block, element
        for name in ("accessory", "element"):
            element = block.get(name)
            if isinstance(element, dict) and element.get("type") != "image":
                yield block, element


def action(blocks: list[Json], action_id: str, value: str | None, *, at: float) -> Json:
    """The action of a press. CannotAct when nothing there has this action_id, or not this value."""
    for block, element in acting_elements(blocks):
        if element.get("action_id") == action_id:
            named = {"action_id": action_id, "block_id": block["block_id"], "type": element["type"]}
            return named | _pressed(element, value) | {"action_ts": f"{at:.6f}"}
    raise CannotAct(f"there is nothing with the action_id {action_id} to press")


def _pressed(element: Json, value: str | None) -> Json:
    if element["type"] != "button":
        state = state_of(element, value)
        return {name: part for name, part in state.items() if name != "type"}
    pressed: Json = {"text": element["text"]}
    carried = element.get("value") if value is None else value
    pressed |= {"value": carried} if carried is not None else {}
    return pressed | {name: element[name] for name in ("style", "url") if name in element}


def state_of(element: Json, given: object) -> Json:
    """What an input holds; `given` is None where nothing was filled in, or the state itself as Slack writes it."""
    kind = element["type"]
    if isinstance(given, dict) and given.get("type") == kind:
        return given
    if kind in _OPTION_INPUTS:
        chosen = element.get("initial_option") if given is None else _option(element, given)
        return {"type": kind, "selected_option": chosen}
    if kind in _OPTIONS_INPUTS:
        many = given if isinstance(given, list) else []
        options = element.get("initial_options", []) if given is None else [_option(element, one) for one in many]
        return {"type": kind, "selected_options": options}
    field, initial = _FIELDS[kind]
    return {"type": kind, field: element.get(initial) if given is None or given == "" else given}


def view_state(view: Json, values: Json) -> Json:
    """view.state.values of a modal that was filled in with `values`.

    values: {block_id: {action_id: …}}, {block_id: …} or {action_id: …}; each a text, the value of an option, or the
    state as Slack writes it. CannotAct when a field that must be filled in is empty, or unknown.
    """
    state: Json = {}
    problems: dict[str, str] = {}
    used: set[str] = set()
    for block, element in acting_elements(view["blocks"]):
        if element["type"] == "button":
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        given, key = _given(values, block_id, action_id)
        used |= {key} if key else set()
        held = state_of(element, given)
        state.setdefault(block_id, {})[action_id] = held
        if block["type"] == "input" and (wrong := _wrong(block, element, held)):
            problems[block_id] = wrong
    if unknown := values.keys() - used:
        raise CannotAct(f"the modal has no field {', '.join(sorted(unknown))}")
    if problems:
        raise CannotAct("a field is not filled in as it must be", problems)
    return state


def _given(values: Json, block_id: str, action_id: str) -> tuple[object, str | None]:
    if block_id in values:
        given = values[block_id]
        if isinstance(given, dict) and "type" not in given:
            return given.get(action_id), block_id
        return given, block_id
    return (values[action_id], action_id) if action_id in values else (None, None)


def _option(element: Json, value: object) -> Json:
    groups = element.get("option_groups", [])
    options = [*element.get("options", []), *(one for group in groups for one in group["options"])]
    for option in options:
        if option["value"] == value or option == value:
            return dict(option)
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": str(value)}, "value": str(value)}
    raise CannotAct(f"{element['action_id']} has no option {value!r}")


def _wrong(block: Json, element: Json, held: Json) -> str:
    """What Slack's page says before it submits, if anything."""
    if _is_empty(held):
        return "" if block.get("optional") else "Please complete this required field."
    length = len(str(held.get("value") or ""))
    least, most = element.get("min_length", 0), element.get("max_length", limits.INPUT_VALUE)
    if "value" in held and not least <= length <= most:
        return f"Please enter {least} to {most} characters."
    return ""


def _is_empty(held: Json) -> bool:
    return not any(part for name, part in held.items() if name != "type")
