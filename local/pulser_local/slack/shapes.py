"""The shapes of Block Kit: which fields a block or an element has, and how much fits in each.

Blocks of type video, file, call and context_actions are not modelled; they are refused as unsupported.
"""

from __future__ import annotations

from typing import Final

from pulser_local.slack import limits
from pulser_local.slack.rules import (
    Rule,
    boolean,
    choice,
    integer,
    items,
    json_object,
    kinds,
    one_of_fields,
    shape,
    string,
    text,
    unique,
)

_name = string(limits.OPTION_VALUE)  # IDs, dates and other short words of no stated limit
_identity = {"action_id": string(limits.ACTION_ID)}

confirm: Final = shape(
    {
        "title": text(limits.CONFIRM_TITLE, plain=True),
        "text": text(limits.CONFIRM_TEXT),
        "confirm": text(limits.CONFIRM_BUTTON, plain=True),
        "deny": text(limits.CONFIRM_BUTTON, plain=True),
    },
    {"style": choice("primary", "danger")},
)
option: Final = shape(
    {"text": text(limits.OPTION_TEXT), "value": string(limits.OPTION_VALUE)},
    {"description": text(limits.OPTION_DESCRIPTION), "url": string(limits.OPTION_URL)},
)
option_group: Final = shape(
    {"label": text(limits.GROUP_LABEL, plain=True), "options": items(option, limits.SELECT_OPTIONS)}
)

_asked = _identity | {"confirm": confirm, "focus_on_load": boolean}
_held = _asked | {"placeholder": text(limits.PLACEHOLDER, plain=True)}
_typed = _held | {"initial_value": string(limits.INPUT_VALUE, least=0), "dispatch_action_config": json_object}
_static = _held | {
    "options": items(option, limits.SELECT_OPTIONS),
    "option_groups": items(option_group, limits.SELECT_GROUPS),
}
_listed = _held | {
    "filter": json_object,
    "response_url_enabled": boolean,
    "default_to_current_conversation": boolean,
}
_many = {"max_selected_items": integer}
_names = items(_name, limits.SELECT_OPTIONS)

image_element: Final = one_of_fields(
    shape(
        {"alt_text": string(limits.IMAGE_ALT_TEXT)},
        {"image_url": string(limits.IMAGE_URL), "slack_file": json_object},
    ),
    "image_url",
    "slack_file",
)
button: Final = shape(
    {"text": text(limits.BUTTON_TEXT, plain=True)},
    _identity
    | {
        "value": string(limits.BUTTON_VALUE),
        "url": string(limits.BUTTON_URL),
        "style": choice("primary", "danger"),
        "confirm": confirm,
        "accessibility_label": string(limits.ACCESSIBILITY_LABEL),
    },
)
_choices = {"options": items(option, limits.CHOICE_OPTIONS)}
_chosen = items(option, limits.SELECT_OPTIONS)

ELEMENTS: Final[dict[str, Rule]] = {
    "button": button,
    "overflow": shape({"options": items(option, limits.OVERFLOW_OPTIONS)}, _identity | {"confirm": confirm}),
    "static_select": one_of_fields(shape({}, _static | {"initial_option": option}), "options", "option_groups"),
    "multi_static_select": one_of_fields(
        shape({}, _static | _many | {"initial_options": _chosen}), "options", "option_groups"
    ),
    "external_select": shape({}, _held | {"initial_option": option, "min_query_length": integer}),
    "multi_external_select": shape({}, _held | _many | {"initial_options": _chosen, "min_query_length": integer}),
    "users_select": shape({}, _held | {"initial_user": _name}),
    "multi_users_select": shape({}, _held | _many | {"initial_users": _names}),
    "conversations_select": shape({}, _listed | {"initial_conversation": _name}),
    "multi_conversations_select": shape({}, _listed | _many | {"initial_conversations": _names}),
    "channels_select": shape({}, _held | {"initial_channel": _name, "response_url_enabled": boolean}),
    "multi_channels_select": shape({}, _held | _many | {"initial_channels": _names}),
    "datepicker": shape({}, _held | {"initial_date": _name}),
    "timepicker": shape({}, _held | {"initial_time": _name, "timezone": _name}),
    "datetimepicker": shape({}, _asked | {"initial_date_time": integer}),
    "checkboxes": shape(_choices, _asked | {"initial_options": _chosen}),
    "radio_buttons": shape(_choices, _asked | {"initial_option": option}),
}
INPUTS: Final[dict[str, Rule]] = {
    "plain_text_input": shape({}, _typed | {"multiline": boolean, "min_length": integer, "max_length": integer}),
    "email_text_input": shape({}, _typed),
    "url_text_input": shape({}, _typed),
    "number_input": shape({"is_decimal_allowed": boolean}, _typed | {"min_value": _name, "max_value": _name}),
    "rich_text_input": shape({}, _held | {"initial_value": json_object, "dispatch_action_config": json_object}),
}
_fields_of_input = {k: v for k, v in ELEMENTS.items() if k not in {"button", "overflow"}} | INPUTS
_accessory = kinds({**ELEMENTS, "image": image_element})
_text_in_context = text(limits.TEXT_OBJECT)
_in_context = kinds({"plain_text": _text_in_context, "mrkdwn": _text_in_context, "image": image_element})

_id = {"block_id": string(limits.BLOCK_ID)}
_rich_text = shape({"elements": items(json_object, limits.SELECT_OPTIONS, least=0)}, _id)
_cell = kinds({"raw_text": shape({"text": string(limits.TABLE_CELL_TEXT)}), "rich_text": _rich_text})
_row = items(_cell, limits.TABLE_COLUMNS)

BLOCKS: Final[dict[str, Rule]] = {
    "section": one_of_fields(
        shape(
            {},
            _id
            | {
                "text": text(limits.SECTION_TEXT),
                "fields": items(text(limits.SECTION_FIELD_TEXT), limits.SECTION_FIELDS),
                "accessory": _accessory,
                "expand": boolean,
            },
        ),
        "text",
        "fields",
    ),
    "header": shape({"text": text(limits.HEADER_TEXT, plain=True)}, _id),
    "divider": shape({}, _id),
    "context": shape({"elements": items(_in_context, limits.CONTEXT_ELEMENTS)}, _id),
    "actions": shape({"elements": unique(items(kinds(ELEMENTS), limits.ACTIONS_ELEMENTS), "action_id")}, _id),
    "image": one_of_fields(
        shape(
            {"alt_text": string(limits.IMAGE_ALT_TEXT)},
            _id
            | {
                "image_url": string(limits.IMAGE_URL),
                "slack_file": json_object,
                "title": text(limits.IMAGE_TITLE, plain=True),
            },
        ),
        "image_url",
        "slack_file",
    ),
    "input": shape(
        {"label": text(limits.INPUT_LABEL, plain=True), "element": kinds(_fields_of_input)},
        _id
        | {
            "hint": text(limits.INPUT_HINT, plain=True),
            "optional": boolean,
            "dispatch_action": boolean,
        },
    ),
    "markdown": shape({"text": string(limits.MARKDOWN_TEXT)}, _id),
    "rich_text": _rich_text,
    "table": shape(
        {"rows": items(_row, limits.TABLE_ROWS)},
        _id | {"column_settings": items(json_object, limits.TABLE_COLUMNS, least=0)},
    ),
}


def _blocks(most: int) -> Rule:
    return unique(items(kinds(BLOCKS), most, least=0), "block_id")


MESSAGE_BLOCKS: Final = _blocks(limits.MESSAGE_BLOCKS)
ATTACHMENT_BLOCKS: Final = _blocks(limits.ATTACHMENT_BLOCKS)

_view = {
    "blocks": _blocks(limits.VIEW_BLOCKS),
}
_of_view = {
    "private_metadata": string(limits.VIEW_PRIVATE_METADATA, least=0),
    "callback_id": string(limits.VIEW_CALLBACK_ID, least=0),
    "external_id": string(limits.VIEW_EXTERNAL_ID, least=0),
}
VIEW: Final = kinds(
    {
        "home": shape(_view, _of_view),
        "modal": shape(
            _view | {"title": text(limits.VIEW_TITLE, plain=True)},
            _of_view
            | {
                "submit": text(limits.VIEW_BUTTON, plain=True),
                "close": text(limits.VIEW_BUTTON, plain=True),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
                "submit_disabled": boolean,
            },
        ),
    }
)
