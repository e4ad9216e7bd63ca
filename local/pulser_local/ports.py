from __future__ import annotations

import socket

from pulser_local.errors import LocalError

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As the servers do: a port in TIME_WAIT after the last run is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def preferred_port(port: int) -> int:
    """This port if it is free, else any free one. 0 means any."""
    return port if port and is_free(port) else free_port()


def required_port(port: int) -> int:
    """This port (0: any free one). Raises LocalError when somebody else listens on it."""
    if port == 0:
        return free_port()
    if not is_free(port):
        raise LocalError(
            f"Port {port} of {HOST} is in use.",
            remedy="Stop what listens there, or take any free port: pulser dev --port 0",
        )
    return port
