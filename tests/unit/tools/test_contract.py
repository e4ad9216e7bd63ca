"""The contract with released code: what breaks it, and what does not."""

from __future__ import annotations

import pytest

from tools.contract.released import Contract, Function, broken

WAS = Function({"name": "text", "most": "integer default 5"}, "jsonb", service_role=True)
RELEASED = Contract("1.2.0", {"take_v1": WAS})


def test_the_file_is_read_as_it_was_written() -> None:
    """What to_json wrote is the same contract."""
    assert Contract.from_json(RELEASED.to_json()) == RELEASED


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (Function({"name": "text"}, "jsonb", service_role=True), "has no argument most any more"),
        (Function({**WAS.arguments, "name": "uuid"}, "jsonb", service_role=True), "takes name uuid, not text"),
        (
            Function({**WAS.arguments, "most": "integer"}, "jsonb", service_role=True),
            "takes most integer, not integer default 5",
        ),
        (Function({**WAS.arguments, "least": "integer"}, "jsonb", service_role=True), "wants an argument least more"),
        (Function(WAS.arguments, "text", service_role=True), "gives text, not jsonb"),
        (Function(WAS.arguments, "jsonb", service_role=False), "is closed to the service role"),
        (None, "is gone"),
    ],
    ids=lambda it: it.replace(" ", "_") if isinstance(it, str) else "",
)
def test_what_the_released_code_would_trip_over_is_told(now: Function | None, what: str) -> None:
    """In words that name the function, the release and the way out."""
    (told,) = broken(RELEASED, {} if now is None else {"take_v1": now})
    assert told.startswith(f"ops.take_v1 {what}. Release 1.2.0 calls it: add a _v2 beside it")


def test_what_no_released_call_notices_is_fine() -> None:
    """A further argument with a default, a further function, and the same as it was."""
    more = Function({**WAS.arguments, "least": "integer default 0"}, "jsonb", service_role=True)
    assert broken(RELEASED, {"take_v1": more, "take_v2": more}) == []
    assert broken(RELEASED, RELEASED.functions) == []
