from __future__ import annotations

import pytest

from pulser_local.steps import StepChange, Steps


def test_a_step_tells_its_beginning_and_its_end() -> None:
    """A step is reported when it begins, and when it ends with what came of it."""
    changes: list[StepChange] = []
    with Steps(changes.append).step("Migrations") as step:
        step.detail = "52 applied"
    assert [(change.state, change.detail) for change in changes] == [("started", ""), ("done", "52 applied")]


def test_a_step_can_end_with_a_warning() -> None:
    """What a person should look at ends its step as warned."""
    changes: list[StepChange] = []
    with Steps(changes.append).step("Health") as step:
        step.warned = True
    assert changes[-1].state == "warned"


def test_a_step_that_raises_is_told_as_failed() -> None:
    """An error in a step reports it as failed and goes on."""
    changes: list[StepChange] = []
    with pytest.raises(ZeroDivisionError), Steps(changes.append).step("Migrations"):
        raise ZeroDivisionError
    assert changes[-1].state == "failed"
