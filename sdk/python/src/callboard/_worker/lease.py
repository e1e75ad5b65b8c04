"""Keeps the lease of a claimed job with heartbeats, and passes on what their answers ask for."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, cast

from .. import types
from .._core.settings import path_segment
from ..errors import CallboardError
from .options import Interruption

if TYPE_CHECKING:
    from .._async.client import AsyncClient

logger = logging.getLogger("callboard.worker")


class Lease:
    """The lease of a job. It counts from before the claim was sent, so that it never outlasts the server's."""

    def __init__(self, client: AsyncClient, job_id: str, token: str, claimed_at: float, seconds: float) -> None:
        self.client = client
        self.job_id = job_id
        self.token = token
        self.seconds = seconds
        self.expires_at = claimed_at + seconds
        self.interruption: Interruption | None = None
        self.interrupted = asyncio.Event()
        self.running = asyncio.Event()
        """Set while the job is not paused and does not wait for people."""
        self.running.set()
        self.decisions: list[types.Approval] = []
        """The newest decided questions of the job."""
        self._trigger = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def lost(self) -> bool:
        """Whether another worker may hold the job."""
        return self.interruption == "lease_lost"

    def path(self, action: str) -> str:
        """The path of a worker's request."""
        return f"/api/jobs/{path_segment(self.job_id)}/{action}"

    def start(self) -> None:
        """Starts the heartbeats."""
        self._task = asyncio.create_task(self._run())

    async def end(self) -> None:
        """Stops the heartbeats."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._answer_waiting()

    def interrupt(self, reason: Interruption) -> None:
        """Asks the handler to end. A lost lease is the last reason."""
        if self.interruption is None or reason == "lease_lost":
            self.interruption = reason
        self.interrupted.set()

    def wake(self) -> None:
        """Sends a heartbeat soon."""
        self._trigger.set()

    async def heartbeat_now(self) -> None:
        """Waits until a heartbeat that starts after this call was answered or has failed."""
        if self._task is None or self._task.done():
            return
        answered = asyncio.get_running_loop().create_future()
        self._waiting.append(answered)
        self.wake()
        await answered

    async def _run(self) -> None:
        missed = False
        try:
            while not self.lost:
                await self._wait(missed)
                waiting, self._waiting = self._waiting, []
                missed = not await self._heartbeat()
                for answered in waiting:
                    if not answered.done():
                        answered.set_result(None)
        finally:
            self._answer_waiting()

    async def _wait(self, missed: bool) -> None:
        """Waits until the next heartbeat is due or asked for."""
        if missed:
            delay = min(self.seconds / 10, 1.0)
        elif self.running.is_set():
            delay = self.seconds / 3
        else:
            delay = min(self.seconds / 3, 2.0)
        try:
            await asyncio.wait_for(self._trigger.wait(), delay)
        except asyncio.TimeoutError:
            return
        self._trigger.clear()
        if missed:
            # Events do not make an unavailable server busier.
            await asyncio.sleep(min(self.seconds / 20, 0.5))

    async def _heartbeat(self) -> bool:
        """Sends a heartbeat; returns whether it was answered."""
        sent_at = time.monotonic()
        body = {"lease_token": self.token, "lease_seconds": self.seconds}
        request = self.client.request("POST", self.path("heartbeat"), json=body)
        try:
            answer = await asyncio.wait_for(request, self.expires_at - sent_at)
        except asyncio.TimeoutError:
            self.interrupt("lease_lost")
            return False
        except CallboardError as error:
            if not error.temporary:
                self.interrupt("lease_lost")
            else:
                logger.debug("A heartbeat of job %s failed and is repeated: %s", self.job_id, error)
            return False
        self.expires_at = sent_at + self.seconds
        self._apply(answer)
        return True

    def _apply(self, answer: dict[str, Any]) -> None:
        self.decisions = cast(list[types.Approval], answer.get("approvals") or [])
        if answer.get("pause_requested") or answer.get("status") in ("paused", "waiting"):
            self.running.clear()
        else:
            self.running.set()
        if answer.get("cancel_requested"):
            self.interrupt("cancelled")

    def _answer_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for answered in waiting:
            if not answered.done():
                answered.set_result(None)

    async def write(self, method: str, path: str, body: dict[str, Any], idempotency_key: str) -> Any:
        """A write under the lease, repeated with the same key until it is answered or the lease is lost.

        Raises:
            RefusedError: The server refused it. If the lease was lost, the handler is interrupted too.
        """
        maybe_done = False
        while True:
            try:
                return await self.client.request(method, path, json=body, idempotency_key=idempotency_key)
            except CallboardError as error:
                if error.code == "lease_lost":
                    self.interrupt("lease_lost")
                maybe_done = maybe_done or error.outcome != "not_done"
                # A write that ended the job ends its lease too; repeated, it returns its answer.
                if not error.temporary or (self.lost and not (maybe_done and time.monotonic() < self.expires_at)):
                    raise
                logger.debug("A write of job %s failed and is repeated: %s", self.job_id, error)
            await asyncio.sleep(0.5)
