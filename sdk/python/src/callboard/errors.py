"""Errors of the client, and what they say about the request.

Example::

    try:
        client.comment(ticket_id=ticket, comment_text="Done.", idempotency_key=key)
    except RefusedError as error:
        print(error.problem.status, error.code, [(e.field, e.rule) for e in error.problem.errors])
    except CallboardError as error:
        if error.outcome == "unknown":
            ...  # repeat it with the same key
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Outcome: TypeAlias = Literal["done", "not_done", "unknown"]
"""Whether a failed request was carried out.

`done`: it was, only its answer is missing or cannot be read. `not_done`: nothing was changed. `unknown`: the answer was
lost. Only after `not_done` may it be repeated as a new request; otherwise repeat it with the same idempotency key.
"""


@dataclass(frozen=True)
class FieldError:
    """One field that broke a rule."""

    field: str
    """The field, as the request names it, e.g. `title`."""
    rule: str
    """The rule, e.g. `must have 3 to 500 characters`."""


@dataclass(frozen=True)
class Problem:
    """A problem document of the server (RFC 9457)."""

    status: int
    """HTTP status, 400 to 599."""
    code: str = ""
    """Stable code, e.g. `blocked`; empty if the answer is not one of Callboard."""
    detail: str = ""
    """A sentence for a person."""
    errors: tuple[FieldError, ...] = ()
    """The fields that were rejected."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further members, e.g. `blocking_ticket_ids`."""

    @property
    def outcome(self) -> Outcome:
        """Statuses from 500 on are certain only if Callboard itself refused the request with 503."""
        if self.status == 503 and self.code and self.code != "outcome_unknown":
            return "not_done"
        return "unknown" if self.status >= 500 else "not_done"


class CallboardError(Exception):
    """Base of all errors of requests and watches."""

    outcome: Outcome = "not_done"
    """Whether the request was carried out."""
    temporary: bool = False
    """Whether the same request may succeed later."""
    problem: Problem | None = None
    """The server's problem document, if it refused the request."""

    @property
    def code(self) -> str | None:
        """The stable code of the problem, e.g. `blocked`."""
        return self.problem.code if self.problem else None


class RefusedError(CallboardError):
    """The server refused the request."""

    problem: Problem

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem
        self.outcome = problem.outcome
        self.temporary = problem.status == 429 or problem.status >= 500

    def __str__(self) -> str:
        return self.problem.detail


class UnreachableError(CallboardError):
    """The server cannot be reached, or its answer did not arrive."""

    temporary = True

    def __init__(self, url: str, why: str, outcome: Outcome) -> None:
        super().__init__(url, why, outcome)
        self.url = url
        self.why = why
        self.outcome = outcome

    def __str__(self) -> str:
        if self.outcome == "not_done":
            return f"The server at {self.url} cannot be reached: {self.why}."
        return (
            f"The answer of the server at {self.url} was lost: {self.why}. "
            "The request may have been carried out; look before you repeat it."
        )


class UnusableAnswerError(CallboardError):
    """The answer is not one of a Callboard server."""

    outcome = "done"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"The server's answer cannot be used: {self.why}."
