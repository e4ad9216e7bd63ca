"""`pulser manifest`: the Slack app as Slack wants it described, and what is left to click."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.text import Text

from pulser_cli.manifest_content import manifest as content
from pulser_cli.manifest_content import remaining, with_canary
from pulser_cli.options import PulserYaml
from pulser_cli.output import USAGE, AsJson, console, fail, print_json
from pulser_cli.routes_file import find, load


def manifest(
    *,
    name: Annotated[
        str, typer.Option(help="What the app and its bot are called; Slack takes 35 characters.")
    ] = "pulser",
    functions_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where the functions are, up to and including /functions/v1.", show_default=False
        ),
    ] = None,
    http: Annotated[bool, typer.Option("--http", help="Slack's own requests instead of Socket Mode.")] = False,
    canary: Annotated[
        bool, typer.Option("--canary", help="With the event that brings canaries back, also where the file has none.")
    ] = False,
    file: PulserYaml = None,
    as_json: AsJson = False,
) -> None:
    """Print the manifest of the Slack app as YAML, to be pasted where Slack makes an app; what to click, on stderr.

    The scopes are those of pulser.yaml, and no more. `pulser manifest > manifest.yaml` keeps the file clean.
    """
    if not 1 <= len(name) <= 35:
        fail("A name has 1 to 35 characters.", code=USAGE)
    if http and not functions_url:
        fail("With --http Slack must know where to ask: name --functions-url.", code=USAGE)
    if functions_url and not functions_url.startswith("https://"):
        fail("Slack asks https:// addresses only.", code=USAGE)
    described = load(file or find(Path.cwd()))
    scopes = described.scopes
    made = content(scopes, name=name, functions_url=functions_url, over_http=http)
    if canary or described.canary is not None:
        made = with_canary(made)
    if as_json:
        print_json(made)
        return
    typer.echo(yaml.safe_dump(made, sort_keys=False, allow_unicode=True), nl=False)
    for number, step in enumerate(remaining(scopes, name=name, over_http=http), start=1):
        console(stderr=True).print(Text(f"{number}. {step}"), soft_wrap=True)
