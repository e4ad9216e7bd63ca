"""`pulser doctor`: everything that can be wrong with an installation, each with its remedy.

`asking` and `asking_slack` gather facts, the modules *_checks judge them (pure), `examination` puts both together.
"""

from __future__ import annotations
