"""Workers that are stopped, lose their lease, or live through a restart of the server and cut connections."""

from __future__ import annotations

import asyncio
import collections
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from callboard import AsyncClient, AsyncJob, Job, JobInterrupted
from conftest import Board
from harness import ROOT, Proxy, Server, eventually
from workers import async_worker, job, status, sync_worker


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_stopped_worker_releases_its_jobs(server: Server, board: Board, kind: str) -> None:
    started = threading.Event()

    def handle(job: Job) -> None:
        started.set()
        while True:
            job.check()
            time.sleep(0.01)

    async def handle_async(job: AsyncJob) -> None:
        started.set()
        await asyncio.sleep(600)

    job_id = job(board, "Too long")
    worker: Any = sync_worker if kind == "sync" else async_worker
    with worker(server.url, board, handle if kind == "sync" else handle_async, grace_seconds=0.2):
        assert started.wait(30)
    released = board.owner.get_job(job_id)
    assert (released["status"], released["attempt"]) == ("queued", 0)


def test_a_stopped_worker_lets_short_jobs_end(server: Server, board: Board) -> None:
    started = threading.Event()

    async def handle(job: AsyncJob) -> None:
        started.set()
        await asyncio.sleep(0.5)

    job_id = job(board, "Short")
    with async_worker(server.url, board, handle) as stop:
        assert started.wait(30)
        stop()
    assert status(board, job_id) == "succeeded"


def test_cancelling_the_task_of_a_worker_releases_its_jobs(server: Server, board: Board) -> None:
    async def main() -> None:
        started = asyncio.Event()

        async def handle(job: AsyncJob) -> None:
            started.set()
            await asyncio.sleep(600)

        async with AsyncClient(server.url, key=board.key) as client:
            working = asyncio.create_task(client.work(handle, workflow=board.id, grace_seconds=0.1))
            await asyncio.wait_for(started.wait(), 30)
            working.cancel()
            with pytest.raises(asyncio.CancelledError):
                await working

    job_id = job(board, "Cancelled task")
    asyncio.run(main())
    assert status(board, job_id) == "queued"


def test_ctrl_c_releases_the_jobs_of_a_sync_worker(server: Server, board: Board) -> None:
    # Programs that are started in the background inherit that SIGINT is ignored.
    program = f"""
import signal, time
from callboard import Client

signal.signal(signal.SIGINT, signal.default_int_handler)

def handle(job):
    print("started", flush=True)
    while True:
        job.check()
        time.sleep(0.01)

with Client({server.url!r}, key={board.key!r}) as client:
    client.work(handle, workflow={board.id!r}, grace_seconds=0.1)
"""
    job_id = job(board, "Interrupted")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "sdk/python/src")}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"started\n"
            process.send_signal(signal.SIGINT)
            errors = process.communicate(timeout=30)[1]
        finally:
            process.kill()
    assert b"KeyboardInterrupt" in errors
    assert status(board, job_id) == "queued"


def test_a_lost_lease_ends_the_handler(server: Server, board: Board, proxy: Proxy) -> None:
    outcomes: list[str | None] = []
    started = threading.Event()

    def handle(job: Job) -> None:
        if started.is_set():
            return
        started.set()
        job.cancelled.wait(60)
        outcomes.append(job.interruption)
        try:
            job.message("too late")
        except JobInterrupted as error:
            outcomes.append(error.reason)

    job_id = job(board, "Lost")
    with sync_worker(proxy.url, board, handle, lease_seconds=5):
        assert started.wait(30)
        proxy.disconnect()
        eventually("the loss of the lease", lambda: len(outcomes) == 2)
        proxy.connect()
    assert outcomes == ["lease_lost", "lease_lost"]
    assert "too late" not in [one["content"] for one in board.owner.job_messages(job_id)]


def test_each_job_is_done_once_through_cuts_and_a_restart(server: Server, board: Board, proxy: Proxy) -> None:
    started: collections.Counter[str] = collections.Counter()
    lock = threading.Lock()

    def begin(title: str) -> None:
        with lock:
            started[title] += 1

    def handle(job: Job) -> dict[str, Any]:
        begin(job.title)
        job.message(f"{job.title} line")
        job.progress(50, "half")
        time.sleep(0.05)
        return {"title": job.title}

    async def handle_async(job: AsyncJob) -> dict[str, Any]:
        begin(job.title)
        await job.message(f"{job.title} line")
        await job.progress(50, "half")
        await asyncio.sleep(0.05)
        return {"title": job.title}

    ids = {f"Job {number}": job(board, f"Job {number}") for number in range(24)}
    proxy.cut_at_random(30)
    options = {"concurrency": 3, "poll_seconds": 1}
    with (
        sync_worker(proxy.url, board, handle, name="sync", **options),
        async_worker(proxy.url, board, handle_async, name="async", **options),
    ):
        eventually("some work", lambda: len(started) > 4)
        server.restart()
        eventually("more work", lambda: len(started) > 14)
        proxy.disconnect()
        time.sleep(0.3)
        proxy.connect()
        eventually(
            "the end of all jobs",
            lambda: all(one["status"] == "succeeded" for one in board.owner.jobs(workflow_id=board.id)),
            60,
        )
    assert started == dict.fromkeys(ids, 1)
    workers = set()
    for title, job_id in ids.items():
        done = board.owner.get_job(job_id)
        workers.add(done.get("worker"))
        assert (done.get("result"), done["attempt"]) == ({"title": title}, 1)
        assert [one["content"] for one in board.owner.job_messages(job_id, kind="log")] == [f"{title} line"]
    assert workers == {"sync", "async"}
