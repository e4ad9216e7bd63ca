"""The content of a message as an author gives it: read, and completed with the names Slack gives."""

from __future__ import annotations

import secrets

from pulser_local.slack import limits
from pulser_local.slack.arguments import Arguments
from pulser_local.slack.errors import SlackError
from pulser_local.slack.workspace import Content, Json


def new_content(arguments: Arguments) -> Content:
    """What a new message shall hold. SlackError when it is malformed; its limits are checked elsewhere."""
    content = Content(
        text=arguments.text("text")[: limits.MESSAGE_TEXT],
        blocks=arguments.objects("blocks", refusal="invalid_blocks_format") or [],
        attachments=arguments.objects("attachments", refusal="invalid_attachments") or [],
        metadata=arguments.object("metadata", refusal="invalid_metadata_format") or None,
    )
    return with_markdown(arguments, content)


def with_markdown(arguments: Arguments, content: Content) -> Content:
    """The content, or what the argument markdown_text makes instead."""
    markdown = arguments.text("markdown_text")
    if not markdown:
        return content
    if content.text or content.blocks:
        raise SlackError("markdown_text_conflict")
    if len(markdown) > limits.MARKDOWN_TEXT:
        raise SlackError("msg_too_long")
    blocks: list[Json] = [{"type": "markdown", "text": markdown}]
    return Content(markdown, blocks, content.attachments, content.metadata)


def with_ids(content: Content) -> Content:
    """Slack names what the author left without a name: clicks are told apart by these."""
    return Content(content.text, named(content.blocks), _attachments(content), content.metadata)


def named(blocks: list[Json]) -> list[Json]:
    """Blocks, each with a block_id, and what acts in them with an action_id."""
    return [{**_with_actions(block), "block_id": block.get("block_id") or new_id()} for block in blocks]


def new_id() -> str:
    """A short name."""
    return secrets.token_urlsafe(4)


def _attachments(content: Content) -> list[Json]:
    return [
        {**attachment, "id": number, "blocks": named(attachment["blocks"])}
        if "blocks" in attachment
        else {**attachment, "id": number}
        for number, attachment in enumerate(content.attachments, start=1)
    ]


def _with_actions(block: Json) -> Json:
    if block["type"] == "actions":
        return {**block, "elements": [_acting(element) for element in block["elements"]]}
    if block["type"] == "input":
        return {**block, "element": _acting(block["element"])}
    accessory = block.get("accessory")
    if accessory and accessory["type"] != "image":
        return {**block, "accessory": _acting(accessory)}
    return block


def _acting(element: Json) -> Json:
    return {**element, "action_id": element.get("action_id") or new_id()}
