"""What is typed after `/pulser silence`, understood. Pure; says what is wrong in mrkdwn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from command_handler import answer
from pulser.blocks import fit
from pulser.silence import LONGEST_PATTERN, LONGEST_REASON
from pulser.silence_end import HOW, NotAnEnd, read_end

_ANY: Final = frozenset({"*", "all", "any", "everything"})
_ENDS: Final = ("for", "until")
_FILLERS: Final = frozenset({"because", "as", "since", "-", "–", "—", ":"})


class NotUnderstood(ValueError):
    """What was typed is no silence; the text is mrkdwn, with other people's words inert."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A silence to be previewed; None: any."""

    service: str | None
    event_pattern: str
    environment: str | None
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class EndIt:
    """One that lasts is to end; `silence_id` is its id, or how that begins."""

    silence_id: str


@dataclass(frozen=True, slots=True)
class ListThem:
    """Those that last are to be told."""


Meant: TypeAlias = Wanted | EndIt | ListThem


def read_silence_command(arguments: Sequence[str], now: datetime, typed: str) -> Meant:
    """`<service|*> [type] [in <environment>] for 2h|until 18:00 [reason]`, `list`, `end <id>`. Raises NotUnderstood."""
    first = arguments[0].casefold() if arguments else ""
    if first == "list" and len(arguments) == 1:
        return ListThem()
    if first == "end" and len(arguments) <= 2:
        if len(arguments) < 2:
            raise NotUnderstood(f"Say which one: {answer.code_of(f'{typed} silence list')} tells their ids.")
        return EndIt(arguments[1].casefold())
    at = next((at for at, word in enumerate(arguments) if at and word.casefold() in _ENDS), None)
    if first in _ENDS and (at is None or _begins_with_an_end(arguments, now)):
        raise NotUnderstood(_no_service(arguments, now, typed))
    if at is None:
        raise NotUnderstood(_no_end(arguments, now, typed))
    service, pattern, environment = _place(arguments[:at], typed)
    try:
        ends_at, rest = read_end(arguments[at:], now)
    except NotAnEnd as error:
        raise NotUnderstood(str(error)) from None
    while rest and rest[0].casefold() in _FILLERS:
        of = rest[0].casefold() == "because" and rest[1:2] == ["of"]
        rest = rest[2 if of else 1 :]
    return Wanted(service, pattern, environment, ends_at, fit(" ".join(rest), LONGEST_REASON))


def _no_end(arguments: Sequence[str], now: datetime, typed: str) -> str:
    """What is missing where neither "for" nor "until" was typed, and the line with it."""
    if not arguments:
        return usage(typed)
    for keyword in _ENDS:
        if _begins_with_an_end([keyword, *arguments], now):
            return _no_service([keyword, *arguments], now, typed)
    for at, keyword in ((at, it) for at in range(1, len(arguments)) for it in _ENDS):
        if _begins_with_an_end([keyword, *arguments[at:]], now):
            line = " ".join([typed, "silence", *arguments[:at], keyword, *arguments[at:]])
            return f"`{keyword}` is missing before {answer.version(arguments[at])}. Type {answer.code_of(line)}."
    line = " ".join([typed, "silence", *(arguments if _is_place(arguments, typed) else arguments[:1]), "for 2h"])
    return f"I do not see when it ends: {HOW}. For example {answer.code_of(line)}."


def _no_service(arguments: Sequence[str], now: datetime, typed: str) -> str:
    """What is missing where the end comes first, and the line with it. The arguments begin with "for" or "until"."""
    missing = "The service is missing: what is to be silenced comes first, `*` is every service"
    try:
        _, rest = read_end(arguments, now)
    except NotAnEnd:
        return f"{missing}. For example {answer.code_of(f'{typed} silence api for 2h')}."
    end = arguments[: len(arguments) - len(rest)]
    # More words are a reason, perhaps.
    named = len(rest) == 1 or (len(rest) == 2 and any(it in rest[1] for it in ".*?"))
    if named and rest[0].casefold() not in {*_FILLERS, *_ENDS} and _is_place(rest, typed):
        return f"{missing}. Type {answer.code_of(' '.join([typed, 'silence', *rest, *end]))}."
    return f"{missing}. For example {answer.code_of(' '.join([typed, 'silence api', *end]))}."


def _is_place(words: Sequence[str], typed: str) -> bool:
    try:
        _place(words, typed)
    except NotUnderstood:
        return False
    return True


def _begins_with_an_end(words: Sequence[str], now: datetime) -> bool:
    try:
        read_end(words, now)
    except NotAnEnd:
        return False
    return True


def usage(typed: str) -> str:
    """How it is typed."""
    return (
        f"{answer.code_of(f'{typed} silence api ci.* for 2h the reason')} shows what that would mute and asks once "
        f"more; `*` is every service, the type may be left out, `in production` may follow it. It ends by itself: "
        f"{HOW}. Critical events are posted all the same."
    )


def _place(words: Sequence[str], typed: str) -> tuple[str | None, str, str | None]:
    """Service, type and environment."""
    service, rest = words[0], list(words[1:])
    environment = None
    for at, word in enumerate(rest):
        if word.casefold() == "in" and at + 1 < len(rest):
            environment, rest = rest[at + 1], rest[:at] + rest[at + 2 :]
            break
    if len(rest) > 1:
        raise NotUnderstood(f"I do not understand {answer.version(' '.join(rest[1:]))}. {usage(typed)}")
    pattern = _typed(rest[0]) if rest else "*"
    for it in (service, pattern, environment or ""):
        if len(it) > LONGEST_PATTERN or any(bracket in it for bracket in "[]"):
            raise NotUnderstood(
                f"{answer.version(it)} is no pattern: `*` is any text, `?` any letter, brackets are none."
            )
    return _or_any(service), pattern, environment and _or_any(environment)


def _typed(word: str) -> str:
    """ "ci" means "ci.*": a type has a dot."""
    if word.casefold() in _ANY:
        return "*"
    return word if any(it in word for it in ".*?") else f"{word}.*"


def _or_any(word: str) -> str | None:
    return None if word.casefold() in _ANY else word
