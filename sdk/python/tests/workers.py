"""Workers on threads, and jobs for them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from callboard import AsyncClient, AsyncJob, Client, Job, types
from conftest import Board
from harness import eventually


def job(board: Board, title: str, **fields: Any) -> str:
    created = board.owner.create_job(
        workflow_id=board.id, title=title, initial_prompt="Do it.", queue=True, with_ticket=True, **fields
    )
    return created["id"]


def status(board: Board, job_id: str) -> types.JobStatus:
    return board.owner.get_job(job_id)["status"]


def ends_as(board: Board, job_id: str, expected: str) -> types.Job:
    eventually(f"the job to be {expected}", lambda: status(board, job_id) == expected)
    return board.owner.get_job(job_id)


@contextlib.contextmanager
def sync_worker(url: str, board: Board, handler: Callable[[Job], Any], **options: Any) -> Iterator[threading.Event]:
    """A worker on a thread, stopped at the end."""
    stop = threading.Event()
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with Client(url, key=board.key) as client:
                client.work(handler, workflow=board.id, stop=stop, **options)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert errors == []


@contextlib.contextmanager
def async_worker(
    url: str, board: Board, handler: Callable[[AsyncJob], Any], **options: Any
) -> Iterator[Callable[[], None]]:
    """A worker in an event loop on a thread, stopped at the end."""
    ready: threading.Event = threading.Event()
    state: dict[str, Any] = {}

    async def main() -> None:
        state["loop"], state["stop"] = asyncio.get_running_loop(), asyncio.Event()
        ready.set()
        async with AsyncClient(url, key=board.key) as client:
            await client.work(handler, workflow=board.id, stop=state["stop"], **options)

    errors: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()

    def stop() -> None:
        with contextlib.suppress(RuntimeError):
            state["loop"].call_soon_threadsafe(state["stop"].set)

    try:
        yield stop
    finally:
        stop()
        thread.join(60)
    assert not thread.is_alive()
    assert errors == []


def answer_questions(board: Board, job_id: str, answer: str) -> None:
    pending: list[types.Approval] = []

    def asked() -> bool:
        pending[:] = board.owner.approvals(job_id=job_id, status="pending")
        return bool(pending)

    eventually("the question", asked)
    assert status(board, job_id) == "waiting"
    board.owner.decide_approval(pending[0]["id"], "answer", answer=answer)
