"""The lease of a job, without a server."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

import pytest

from callboard import UnreachableError
from callboard._worker.lease import Lease


class Server:
    """Loses the answers to the first writes, while a heartbeat is refused because the job has ended."""

    def __init__(self, lost_answers: int, outcome: Any) -> None:
        self.lost_answers = lost_answers
        self.outcome = outcome
        self.keys: list[str] = []
        self.lease: Lease | None = None

    async def request(self, _method: str, _path: str, *, json: Any, idempotency_key: str) -> Any:
        self.keys.append(idempotency_key)
        if len(self.keys) <= self.lost_answers:
            assert self.lease
            self.lease.interrupt("lease_lost")
            raise UnreachableError("http://127.0.0.1:8080", "reset", self.outcome)
        return {"success": True, **json}


def leased(server: Server) -> Lease:
    server.lease = Lease(cast(Any, server), "job-1", "token", time.monotonic(), 30)
    return server.lease


def test_a_completion_whose_answer_was_lost_is_repeated_although_the_lease_ended() -> None:
    server = Server(1, "unknown")
    answer = asyncio.run(leased(server).write("POST", "/api/jobs/job-1/complete", {}, "key"))
    assert answer == {"success": True}
    assert server.keys == ["key", "key"]


def test_a_write_that_was_not_done_is_not_repeated_without_a_lease() -> None:
    server = Server(1, "not_done")
    with pytest.raises(UnreachableError):
        asyncio.run(leased(server).write("POST", "/api/jobs/job-1/complete", {}, "key"))
    assert server.keys == ["key"]
