"""Slack's rules for a message (slack-platform.md 3.3), written a second time: independent of `pulser.blocks`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_MARKUP = re.compile(r"<[^<>]*>")
_DATE = re.compile(r"<!date\^\d+\^\{date_short_pretty\} (at \{time_secs\}\|[\d:\- ]+ UTC|\{time\}\|[\d\-]+T[\d:]+Z)>")
_LINK = re.compile(r"<https?://[!-;=?-{}~]+\|[^<>|]*>")
_MENTION = re.compile(r"<(![a-z]+|@[UW]\w+|!subteam\^S\w+)>")
_BARE_AMPERSAND = re.compile(r"&(?!amp;|lt;|gt;)")
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
_OPENERS, _CLOSER = "\u2066\u2067\u2068", "\u2069"


def problems(arguments: dict[str, Any]) -> list[str]:
    """What Slack would refuse or misread in the arguments of chat.postMessage; empty when all is well."""
    return list(_problems(arguments))


def mentions(arguments: dict[str, Any]) -> set[str]:
    """Every mention that the message would make."""
    texts = [arguments["text"], *(it["text"] for it in _texts(arguments["blocks"]) if it["type"] == "mrkdwn")]
    return {found.group() for text in texts for found in _MENTION.finditer(text)}


def links(arguments: dict[str, Any]) -> set[str]:
    """The address of every link in the message's texts."""
    texts = [it["text"] for it in _texts(arguments["blocks"]) if it["type"] == "mrkdwn"]
    return {found.group()[1:].split("|")[0] for text in texts for found in _LINK.finditer(text)}


def _problems(arguments: dict[str, Any]) -> Iterator[str]:
    blocks = arguments["blocks"]
    yield from _text("text", arguments["text"], 4000, markup=True)
    if not 1 <= len(blocks) <= 50:
        yield f"{len(blocks)} blocks"
    if len(json.dumps(blocks, ensure_ascii=False)) > 13_200:
        yield "msg_blocks_too_long"
    for block in blocks:
        yield from _CHECKS[block["type"]](block)
    for found in _texts(blocks):
        if found["type"] == "mrkdwn" and found.get("verbatim") is not True:
            yield f"not verbatim: {found}"
    if len(json.dumps(arguments["metadata"])) > 2000:
        yield "metadata_too_large"


def _texts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "plain_text"}:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _text(where: str, text: str, limit: int, *, markup: bool) -> Iterator[str]:
    if not 1 <= len(text) <= limit:
        yield f"{where}: {len(text)} characters of at most {limit}"
    if _INVISIBLE.search(text):
        yield f"{where}: invisible characters in {text!r}"
    if not _balanced(text):
        yield f"{where}: isolates not balanced in {text!r}"
    if not markup:
        return
    for found in _MARKUP.findall(text):
        if not any(kind.fullmatch(found) for kind in (_DATE, _LINK, _MENTION)):
            yield f"{where}: markup {found}"
    if set(_MARKUP.sub("", text)) & set("<>") or _BARE_AMPERSAND.search(_MARKUP.sub("", text)):
        yield f"{where}: not escaped: {text!r}"


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character in _OPENERS) - (character == _CLOSER)
        if depth < 0:
            return False
    return depth == 0


def _object(where: str, value: dict[str, Any], limit: int, *, plain: bool = False) -> Iterator[str]:
    if plain and value["type"] != "plain_text":
        yield f"{where}: {value['type']}"
    yield from _text(where, value["text"], limit, markup=value["type"] == "mrkdwn")


def _header(block: dict[str, Any]) -> Iterator[str]:
    yield from _object("header", block["text"], 150, plain=True)


def _section(block: dict[str, Any]) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield "an empty section"
    if "text" in block:
        yield from _object("section", block["text"], 3000)
    if len(block.get("fields", [])) > 10:
        yield f"{len(block['fields'])} fields"
    for field in block.get("fields", []):
        yield from _object("field", field, 2000)


def _context(block: dict[str, Any]) -> Iterator[str]:
    if not 1 <= len(block["elements"]) <= 10:
        yield f"{len(block['elements'])} context elements"
    for element in block["elements"]:
        yield from _object("context", element, 3000)


def _actions(block: dict[str, Any]) -> Iterator[str]:
    elements = block["elements"]
    if not 1 <= len(elements) <= 25:
        yield f"{len(elements)} buttons"
    if len({element["action_id"] for element in elements}) < len(elements):
        yield "an action_id occurs twice"
    for element in elements:
        if element["type"] == "overflow":
            yield from _overflow(element)
            continue
        yield from _object("button", element["text"], 75, plain=True)
        for key, limit in {"action_id": 255, "value": 2000, "url": 3000, "accessibility_label": 75}.items():
            if len(element.get(key, "")) > limit:
                yield f"button {key} over {limit}"
        if not element.get("url", "https://").startswith(("http://", "https://")):
            yield f"button url {element['url']}"
        yield from _confirm(element.get("confirm"))


def _overflow(element: dict[str, Any]) -> Iterator[str]:
    if not 1 <= len(element["options"]) <= 5:
        yield f"{len(element['options'])} options"
    if len(element["action_id"]) > 255:
        yield "overflow action_id over 255"
    for option in element["options"]:
        yield from _object("option", option["text"], 75, plain=True)
        if not 1 <= len(option["value"]) <= 150:
            yield f"option value: {len(option['value'])} characters"
    if len({option["value"] for option in element["options"]}) < len(element["options"]):
        yield "an option's value occurs twice"


def _confirm(confirm: dict[str, Any] | None) -> Iterator[str]:
    for key, limit in {"title": 100, "text": 300, "confirm": 30, "deny": 30}.items() if confirm else ():
        assert confirm is not None
        yield from _object(f"confirm {key}", confirm[key], limit, plain=key != "text")


_CHECKS = {"header": _header, "section": _section, "context": _context, "actions": _actions}
