from __future__ import annotations

import socket

from pulser_local.errors import LocalError

HOST = "127.0.0.1"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that nobody who asks for any port is given for a while."""
    return _reserve(0)


def preferred_port(port: int) -> int:
    """This port if it is free, else any free one. 0 means any."""
    try:
        return _reserve(port)
    except (OSError, OverflowError):
        return free_port()


def required_port(port: int) -> int:
    """This port (0: any free one). Raises LocalError when somebody else listens on it."""
    try:
        return _reserve(port)
    except (OSError, OverflowError) as error:
        raise LocalError(
            f"Port {port} of {HOST} is in use.",
            remedy="Stop what listens there, or take any free port: pulser dev --port 0",
        ) from error


def _reserve(port: int) -> int:
    """Leave the port in TIME_WAIT: 60 s on Linux, as Yelp's ephemeral-port-reserve does.

    A server that names it can listen there, as all of ours do with SO_REUSEADDR; the kernel gives it to nobody who
    binds port 0 or dials. So two stacks that start at once do not meet, though each takes seconds to listen.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(1)
        address = listener.getsockname()
        with socket.create_connection(address):
            accepted, _ = listener.accept()
            accepted.close()  # who closes first waits
        chosen: int = address[1]
    return chosen
