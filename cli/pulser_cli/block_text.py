"""Block Kit as a terminal shows it: the blocks that pulser writes, in Rich's terms. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from pulser.blocks import clean, unescape

# Slack's mrkdwn, as far as pulser writes it, in the order in which a piece is tried.
_PIECES = re.compile(
    r"```(?P<block>.+?)```|`(?P<code>[^`\n]+)`|<!date\^[^|>]*\|(?P<date>[^>]*)>|<(?P<url>https?:[^|>]+)(?:\|(?P<label>[^>]*))?>"
    r"|<(?P<mention>[@!#][^>]*)>|(?<!\w)\*(?P<bold>[^*\s](?:[^*\n]*[^*\s])?)\*(?!\w)|(?<!\w)_(?P<italic>[^_\s](?:[^_\n]*[^_\s])?)_(?!\w)",
    re.DOTALL,
)
_STYLES = {"block": "dim", "code": "cyan", "date": "", "bold": "bold", "italic": "italic", "mention": "bold yellow"}
_BUTTONS = {"primary": "green", "danger": "red"}


def shown_blocks(blocks: Iterable[Mapping[str, Any]]) -> Group:
    """The blocks one under the other. What this does not know is named, not left out."""
    return Group(*(line for block in blocks for line in _shown(block)))


def mrkdwn(text: str) -> Text:
    """A text in Slack's markup, with its styles; nothing in it can steer the terminal."""
    shown = Text()
    at = 0
    for piece in _PIECES.finditer(text):
        shown.append(_plain(text[at : piece.start()]))
        shown.append_text(_styled(piece))
        at = piece.end()
    return shown.append(_plain(text[at:]))


def _styled(piece: re.Match[str]) -> Text:
    kind = str(piece.lastgroup)
    if kind in ("url", "label"):
        url = _plain(piece["url"])
        return Text(_plain(piece["label"] or piece["url"]), style=f"underline link {url}")
    if kind == "mention":
        who, _, name = piece["mention"].partition("|")
        return Text(_plain(name or f"@{who.lstrip('!@#').removeprefix('subteam^')}"), style=_STYLES[kind])
    return Text(_plain(piece[kind]), style=_STYLES[kind])


def _plain(text: str) -> str:
    return clean(unescape(text))


def _shown(block: Mapping[str, Any]) -> Iterator[RenderableType]:
    match block["type"]:
        case "header":
            yield Text(_plain(block["text"]["text"]), style="bold")
        case "section":
            if "text" in block:
                yield _text(block["text"])
            if "fields" in block:
                yield Padding(_fields(block["fields"]), (1, 0))
        case "context":
            told = Text("  ").join(_text(it) for it in block["elements"])
            told.stylize("dim")
            yield told
        case "actions":
            yield Padding(Text("  ").join(_button(it) for it in block["elements"]), (0, 0, 1, 0))
        case "divider":
            yield Text("─" * 8, style="dim")
        case other:
            yield Text(f"[{other}]", style="dim")


def _fields(fields: Iterable[Mapping[str, Any]]) -> Columns:
    return Columns([_text(it) for it in fields], equal=True, padding=(0, 4))


def _text(element: Mapping[str, Any]) -> Text:
    text = str(element.get("text", ""))
    return mrkdwn(text) if element.get("type") == "mrkdwn" else Text(_plain(text))


def _button(element: Mapping[str, Any]) -> Text:
    if "options" in element:
        options = " · ".join(_plain(it["text"]["text"]) for it in element["options"])
        return Text(f"[ ⋯ {options} ]", style="dim")
    style = _BUTTONS.get(element.get("style", ""), "")
    return Text(f"[ {_plain(element['text']['text'])} ]", style=f"reverse {style}".strip())
