from __future__ import annotations


class LocalError(Exception):
    """Something on this machine keeps the local stack from working; `remedy` says what a person can do."""

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        super().__init__(f"{problem}\n{remedy}" if remedy else problem)
        self.problem = problem
        self.remedy = remedy
