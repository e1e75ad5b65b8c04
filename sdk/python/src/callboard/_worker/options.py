"""Options of a worker, and the exceptions of its handlers."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Interruption: TypeAlias = Literal["cancelled", "lease_lost", "stopped"]
"""Why a handler must end early.

`cancelled`: somebody cancelled the job. `lease_lost`: another worker may hold it. `stopped`: the worker stops.
"""


class JobInterrupted(Exception):
    """The handler must end, because of `reason`; its job is not its own any more."""

    def __init__(self, reason: Interruption) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return {
            "cancelled": "The job was cancelled.",
            "lease_lost": "The lease of the job was lost.",
            "stopped": "The worker is stopping.",
        }[self.reason]


class JobFailed(Exception):
    """Raise it in a handler to fail the job with this reason; other exceptions fail it with theirs.

    Args:
        error: The reason, for people.
        retry: Whether the job may be tried again, while it has attempts left.
    """

    def __init__(self, error: str, *, retry: bool = True) -> None:
        super().__init__(error)
        self.error = error
        self.retry = retry


@dataclass(frozen=True)
class WorkerOptions:
    """See `AsyncClient.work`."""

    workflow: str | None = None
    types: Sequence[str] | None = None
    concurrency: int = 1
    lease_seconds: float = 60.0
    name: str = field(default_factory=lambda: f"{socket.gethostname()[:40]}-{os.getpid()}")
    poll_seconds: float = 15.0
    grace_seconds: float = 10.0
    drain: bool = False

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        if not 5 <= self.lease_seconds <= 3600:
            raise ValueError("lease_seconds must be between 5 and 3600")
        if self.poll_seconds <= 0 or self.grace_seconds < 0:
            raise ValueError("poll_seconds must be more than 0, and grace_seconds at least 0")
        if isinstance(self.types, str):
            raise ValueError("types must be a list of texts")
