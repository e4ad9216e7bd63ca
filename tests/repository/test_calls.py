"""The health of each function asks the database for all that the function calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from action_handler.handle import CALLS as OF_ACTIONS
from command_handler.serve import CALLS as OF_COMMANDS
from notify_dispatch.health import CALLS as OF_DISPATCH
from pulser.handling_health import HANDLING_CALLS
from socket_relay.health import CALLS as OF_RELAY
from tests.repository.tree import FUNCTION_FOLDERS, ROOT
from tools.contract.calls import called_by, reached

LISTED = {
    "action-handler": {*HANDLING_CALLS, *OF_ACTIONS},
    "command-handler": {*HANDLING_CALLS, *OF_COMMANDS},
    "notify-dispatch": {*OF_DISPATCH},
    "socket-relay": {*OF_RELAY},
}


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS, ids=lambda it: it.name)
def test_health_asks_for_each_sql_function_that_is_called(folder: Path) -> None:
    """The list of a function is what it and the library's modules that it imports call."""
    called = called_by(reached(folder.rglob("*.py"), ROOT / "shared" / "pulser"))
    assert called == LISTED[folder.name] | {"missing_functions_v1"}
