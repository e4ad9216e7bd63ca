"""The faults of Slack and of the deployer: the script's words for them, as the simulator and the server take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pulser_local.slack.faults import Fault as SlackFault
from tests.proof.faults import DOUBLES, Fault

if TYPE_CHECKING:
    from tests.proof.fault_world import FaultyWorld
    from tests.unit.notify_dispatch.hook_server import Fault as HookFault

PATIENCE = 0.4  # seconds that a call to Slack or to a hook may take
LATE = PATIENCE + 0.2  # seconds: the client has given up when the call has its effect
_KINDS: dict[str, dict[str, Any]] = {
    "timeout_before": {"kind": "stall", "seconds": LATE},
    "timeout_after": {"kind": "stall", "seconds": LATE, "stored": True},
    "late": {"kind": "slow", "seconds": LATE},
    "slow": {"seconds": 0.2},
    "http_500": {"kind": "http_status", "status": 500},
    "http_503": {"kind": "http_status", "status": 503},
    "rate_limited": {"retry_after": "1"},
    "garbage_before": {"kind": "garbage"},
    "garbage_after": {"kind": "garbage", "stored": True},
    "empty_ok": {"kind": "answer", "answer": {"ok": True}},
}
_HOOK_ANSWERS: dict[str, tuple[int, dict[str, str], str]] = {
    "http_500": (500, {}, ""),
    "http_503": (503, {}, ""),
    "rate_limited": (429, {"Retry-After": "1"}, ""),
}


def set_faults(world: FaultyWorld, faults: Iterable[Fault]) -> None:
    """Switch these on, once each."""
    for fault in faults:
        match fault.where:
            case "slack":
                world.set_faults[world.slack.faults.add(_of_slack(fault.name, fault.kind))] = fault
            case "hook":
                world.deployer.script.append(_of_hook(fault.kind))
            case "socket" if fault.kind in DOUBLES:
                world.slack.sockets.settings.duplicate = "same_id" if fault.kind == "same_id" else "new_id"


def _of_slack(method: str, kind: str) -> SlackFault:
    return SlackFault.model_validate({"method": method, "times": 1, "kind": kind, **_KINDS.get(kind, {})})


def _of_hook(kind: str) -> HookFault | tuple[int, dict[str, str], str]:
    if kind in _HOOK_ANSWERS:
        return _HOOK_ANSWERS[kind]
    match kind:
        case "reset_before" | "reset_after" | "mute" | "garbage" | "closed" | "cut":
            return kind
    raise AssertionError(kind)


def break_socket(world: FaultyWorld, kind: str) -> None:
    """Break the connection on which the newest envelope was sent, or all."""
    newest = world.slack.sockets.log.sent[-1].socket_id
    for socket in world.slack.sockets:
        if not kind.startswith("all_") and socket.id != newest:
            continue
        match kind.removeprefix("all_"):
            case "reset":
                socket.reset()
            case "mute":
                socket.mute()
            case "refresh":
                socket.disconnect("refresh_requested")
