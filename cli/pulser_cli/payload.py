"""Payloads on the command line: JSON, or @file; and who types."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Any

from pulser_cli.output import USAGE, fail


def read_payload(given: str | None) -> Any:  # noqa: ANN401  # whatever JSON can say
    """The JSON value of `--payload`; an empty object when it is not given."""
    if given is None:
        return {}
    try:
        text = Path(given[1:]).read_text(encoding="utf-8") if given.startswith("@") else given
        return json.loads(text)
    except OSError as error:
        return fail(f"--payload: {given[1:]}: {error.strerror}", code=USAGE)
    except UnicodeDecodeError:
        return fail(f"--payload: {given[1:]} is not UTF-8", code=USAGE)
    except json.JSONDecodeError as error:
        return fail(f"--payload is not JSON: {error.msg} at line {error.lineno}, column {error.colno}", code=USAGE)
    except (ValueError, RecursionError):
        return fail("--payload is not JSON that can be read: a number too long, or nested too deeply", code=USAGE)


def who() -> str:
    """The person at the command line, as the audit trail shall name them."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):  # a user without an entry, as in many containers
        return "cli"
