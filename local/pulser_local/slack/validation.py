"""What Slack refuses in a message or a view. Pure: values in, SlackError or problems out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from pulser_local.slack import limits, shapes
from pulser_local.slack.errors import SlackError
from pulser_local.slack.rules import problem
from pulser_local.slack.workspace import Content, Json

_METADATA_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_FLAT = (str, int, float, bool, type(None))


def check_content(content: Content) -> None:
    """SlackError for a message that cannot be posted: nothing in it, or something malformed or too long."""
    if not (content.text.strip() or content.blocks or content.attachments):
        raise SlackError("no_text")
    check_attachments(content.attachments)
    check_blocks(content.blocks)
    nested = [block for attachment in content.attachments for block in attachment.get("blocks", [])]
    if total_length([*content.blocks, *nested]) > limits.MESSAGE_TOTAL:
        raise SlackError("msg_blocks_too_long")
    if content.metadata is not None:
        check_metadata(content.metadata)


def check_blocks(blocks: list[Json]) -> None:
    """SlackError invalid_blocks, naming each failing place."""
    problems = [*shapes.MESSAGE_BLOCKS(blocks, "/blocks"), *_markdown_problems(blocks)]
    if problems:
        raise SlackError("invalid_blocks", problems)


def check_attachments(attachments: list[Json]) -> None:
    """SlackError too_many_attachments, or invalid_attachments for their blocks."""
    if len(attachments) > limits.ATTACHMENTS:
        raise SlackError("too_many_attachments")
    problems = [
        found
        for index, attachment in enumerate(attachments)
        for found in shapes.ATTACHMENT_BLOCKS(attachment.get("blocks", []), f"/attachments/{index}/blocks")
    ]
    if problems:
        raise SlackError("invalid_attachments", problems)


def check_metadata(metadata: Json) -> None:
    """SlackError for metadata that is not {"event_type": name, "event_payload": flat object}."""
    problems = list(_metadata_problems(metadata))
    if problems:
        raise SlackError("invalid_metadata_format", problems)
    if len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))) > limits.METADATA_SIZE:
        raise SlackError("metadata_too_large")


def view_problems(view: Json) -> list[str]:
    """What is wrong with a modal or a Home tab; empty when nothing is."""
    return list(shapes.VIEW(view, "/view"))


def total_length(blocks: Iterable[Json]) -> int:
    """What msg_blocks_too_long measures: the characters of all texts, and a cost for each block."""
    return sum(limits.BLOCK_COST + sum(len(found) for found in _texts(block)) for block in blocks)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "text" and isinstance(part, str):
                yield part
            else:
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _markdown_problems(blocks: list[Json]) -> Iterator[str]:
    markdown = [block.get("text") for block in blocks if block.get("type") == "markdown"]
    total = sum(len(text) for text in markdown if isinstance(text, str))
    if len(markdown) > 1 and total > limits.MARKDOWN_TEXT:
        words = f"markdown blocks must be less than {limits.MARKDOWN_TEXT + 1} characters together"
        yield problem(words, "/blocks")


def _metadata_problems(metadata: Json) -> Iterator[str]:
    for name in metadata.keys() - {"event_type", "event_payload"}:
        yield problem(f"invalid additional property: {name}", "/metadata")
    event_type = metadata.get("event_type")
    if not isinstance(event_type, str) or not _METADATA_NAME.fullmatch(event_type):
        yield problem("must be a name of a-z, 0-9 and _", "/metadata/event_type")
    payload = metadata.get("event_payload")
    if not isinstance(payload, dict):
        yield problem("must be an object", "/metadata/event_payload")
        return
    for name, value in payload.items():
        if not _METADATA_NAME.fullmatch(name):
            yield problem("must be a name of a-z, 0-9 and _", f"/metadata/event_payload/{name}")
        if not isinstance(value, _FLAT):
            yield problem("nesting is not supported", f"/metadata/event_payload/{name}")
