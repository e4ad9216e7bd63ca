"""The answer to `/pulser help`, and to words that are no command. Pure."""

from __future__ import annotations

from command_handler import answer
from command_handler.answer import Answer
from command_handler.command import WORDS, Command, nearest

_COMMANDS = (
    ("status", "every service at a glance, the worst first"),
    ("status service", "one service: last deployments, alerts, CI, who may do what"),
    ("deploy", "ask for a deploy; opens a form"),
    ("deploy service version", "the same, with the form filled in"),
    ("health", "is pulser itself well: functions, database, Slack, backlog"),
    ("why link or id", "one message's, event's or click's whole story: what happened when, and why"),
    ("silence service type for 2h", "no messages of these for a while; shows first what that would mute"),
    ("silence list", "what is silenced, and `silence end` with an id"),
    ("help", "this list"),
)


def help_text(command: str) -> Answer:
    """What can be typed."""
    lines = [f"`{command} {words}` – {what}" for words, what in _COMMANDS]
    text = "*What I understand*\n" + "\n".join(lines)
    small = "Only you see these answers. Or mention me anywhere with the same words."
    return Answer(text, [answer.section(text), answer.context(small)])


def not_understood(command: str, typed: Command) -> Answer:
    """Words that are no command: the nearest one, and the list."""
    near = nearest(typed.said, WORDS, count=1)
    rest = " ".join(typed.arguments)[:100]
    suggested = f"{command} {near[0]} {rest}".rstrip() if near else ""
    said = f"I do not understand {answer.version(typed.said)}."
    meant = f" Did you mean {answer.code_of(suggested)}?" if suggested else ""
    listed = help_text(command)
    return Answer(f"{said}{meant}\n{listed.text}", [answer.section(said + meant), *listed.blocks], "refused")
