"""Workers: handlers, failures, cancellation, pauses and questions, sync and async."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from callboard import AsyncClient, AsyncJob, Client, Job, JobFailed, JobInterrupted
from conftest import Board
from harness import Server, eventually
from workers import answer_questions, async_worker, ends_as, job, status, sync_worker


def test_a_sync_handler(server: Server, board: Board) -> None:
    def handle(job: Job) -> dict[str, Any]:
        assert (job.attempt, job.prompt, job.title, job.workflow_id) == (1, "Do it.", "Measure", board.id)
        job.enter_stage("in_progress")
        job.progress(20, "measuring")
        job.message("run 1: 84 ms")
        job.message("Fast enough.", kind="chat", level="info", metadata={"run": 1})
        job.check()
        assert not job.paused
        return {"p95_ms": 84}

    job_id = job(board, "Measure", stages=["in_progress"])
    with Client(server.url, key=board.key) as client:
        client.work(handle, workflow=board.name, drain=True)
    done = board.owner.get_job(job_id)
    assert (done["status"], done.get("result"), done["progress_message"]) == ("succeeded", {"p95_ms": 84}, "measuring")
    lines = [one["content"] for one in board.owner.job_messages(job_id, kind="log,chat")]
    assert lines[-2:] == ["run 1: 84 ms", "Fast enough."]
    ticket_id = done.get("ticket_id")
    assert ticket_id
    assert board.owner.get_ticket(ticket_id)["is_resolved"]


def test_usage_is_reported_also_when_the_handler_must_end(server: Server, board: Board) -> None:
    def handle(job: Job) -> None:
        first = job.report_usage(model="large", input_tokens=1200, cost="0.0125", currency="USD", report_id="turn-1")
        assert (first["counted"], first.get("attempt")) == (True, 1)
        again = job.report_usage(model="large", input_tokens=1200, cost="0.0125", currency="USD", report_id="turn-1")
        assert not again["counted"]
        board.owner.act_on_job(job.id, "cancel")
        assert job.cancelled.wait(30)
        job.report_usage(output_tokens=80)

    job_id = job(board, "Summarize the log")
    with Client(server.url, key=board.key) as client:
        client.work(handle, workflow=board.id, drain=True)
    used = board.owner.job_usage(job_id)
    totals = used["usage"]
    assert (totals.get("input_tokens"), totals.get("output_tokens")) == (1200, 80)
    assert (totals["costs"], totals.get("cache_read_tokens")) == ([{"currency": "USD", "amount": "0.0125"}], None)
    ticket = board.owner.get_job(job_id).get("ticket_id")
    assert ticket
    board.owner.report_ticket_usage(ticket, input_tokens=5)
    assert board.owner.ticket_usage(ticket)["usage"].get("input_tokens") == 1205
    groups = board.owner.usage(workflow_id=board.id, group_by="model")["groups"]
    assert [group.get("key") for group in groups] == ["large", None]


def test_an_async_handler(server: Server, board: Board) -> None:
    async def handle(job: AsyncJob) -> None:
        await job.progress(50)
        await job.messages([{"kind": "log", "content": f"line {number}"} for number in range(120)])
        await job.complete({"answer": 42}, resolution_comment="Found the answer.")

    async def main() -> None:
        async with AsyncClient(server.url, key=board.key) as client:
            await client.work(handle, workflow=board.id, types=["sum"], drain=True)

    other, mine = job(board, "Other"), job(board, "Sum", job_type="sum")
    asyncio.run(main())
    assert (board.owner.get_job(mine).get("result"), status(board, other)) == ({"answer": 42}, "queued")
    assert len([one for one in board.owner.job_messages(mine) if one["content"].startswith("line ")]) == 120


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_failures(server: Server, board: Board, kind: str) -> None:
    def outcome(title: str) -> Any:
        if title == "Final":
            raise JobFailed("It cannot work.", retry=False)
        if title == "Bug":
            raise KeyError("missing")
        return {"Text": "no dict", "Set": {"not": {1, 2}}}[title]

    async def handle(job: AsyncJob) -> Any:
        return outcome(job.title)

    expected = {
        "Final": "It cannot work.",
        "Bug": "KeyError: 'missing'",
        "Text": "returned str, not a dict",
        "Set": "not JSON serializable",
    }
    ids = {title: job(board, title, max_attempts=1) for title in expected}
    if kind == "sync":
        with Client(server.url, key=board.key) as client:
            client.work(lambda job: outcome(job.title), workflow=board.id, drain=True)
    else:

        async def main() -> None:
            async with AsyncClient(server.url, key=board.key) as client:
                await client.work(handle, workflow=board.id, drain=True, concurrency=3)

        asyncio.run(main())
    for title, error in expected.items():
        ended = board.owner.get_job(ids[title])
        assert ended["status"] == "failed", title
        assert error in (ended.get("error") or ""), title


def test_a_cancellation_reaches_a_sync_handler(server: Server, board: Board) -> None:
    reasons: list[str | None] = []
    started = threading.Event()

    def handle(job: Job) -> None:
        started.set()
        assert job.cancelled.wait(30)
        reasons.append(job.interruption)
        try:
            job.check()
        except JobInterrupted as error:
            reasons.append(error.reason)
            raise

    job_id = job(board, "Cancel me")
    with sync_worker(server.url, board, handle):
        assert started.wait(30)
        board.owner.act_on_job(job_id, "cancel", reason="Not needed.")
        ends_as(board, job_id, "cancelled")
    assert reasons == ["cancelled", "cancelled"]


def test_a_cancellation_cancels_an_async_handler(server: Server, board: Board) -> None:
    started, cleaned = threading.Event(), threading.Event()

    async def handle(job: AsyncJob) -> None:
        started.set()
        try:
            await asyncio.sleep(600)
        finally:
            await job.message("cleaned up")
            cleaned.set()

    job_id = job(board, "Cancel me")
    with async_worker(server.url, board, handle):
        assert started.wait(30)
        board.owner.act_on_job(job_id, "cancel")
        ends_as(board, job_id, "cancelled")
    assert cleaned.is_set()
    assert "cleaned up" in [one["content"] for one in board.owner.job_messages(job_id)]


def test_a_pause_holds_a_handler_at_its_check(server: Server, board: Board) -> None:
    steps = 0
    ready = threading.Event()

    def handle(job: Job) -> None:
        nonlocal steps
        while not ready.is_set():
            job.check()
            steps += 1
            time.sleep(0.01)

    job_id = job(board, "Pause me")
    with sync_worker(server.url, board, handle):
        eventually("work", lambda: steps > 3)
        board.owner.act_on_job(job_id, "pause")

        def stands_still() -> bool:
            before = steps
            time.sleep(0.3)
            return steps == before

        eventually("the pause", stands_still)
        ready.set()
        assert status(board, job_id) == "paused"
        board.owner.act_on_job(job_id, "resume")
        ends_as(board, job_id, "succeeded")


def test_a_sync_handler_asks_people(server: Server, board: Board) -> None:
    def handle(job: Job) -> dict[str, Any]:
        decided = job.ask("Ship it?", ["yes", "no"], context="All tests pass.")
        job.check()
        return {"answer": decided.get("answer")}

    job_id = job(board, "Ask")
    with sync_worker(server.url, board, handle):
        answer_questions(board, job_id, "yes")
        assert ends_as(board, job_id, "succeeded").get("result") == {"answer": "yes"}


def test_an_answer_survives_the_worker_that_asked(server: Server, board: Board) -> None:
    asked = 0

    async def handle(job: AsyncJob) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {"answer": (await job.ask("Ship it?")).get("answer")}

    job_id = job(board, "Ask")
    with async_worker(server.url, board, handle, grace_seconds=0.1):
        eventually("the question", lambda: status(board, job_id) == "waiting")
    answer_questions(board, job_id, "later")
    with async_worker(server.url, board, handle):
        assert ends_as(board, job_id, "succeeded").get("result") == {"answer": "later"}
    assert asked == 2
    assert len(list(board.owner.approvals(job_id=job_id))) == 1


def test_options_are_checked(board: Board, server: Server) -> None:
    with Client(server.url, key=board.key) as client:
        for options in ({"concurrency": 0}, {"lease_seconds": 1}, {"poll_seconds": 0}, {"types": "task"}):
            with pytest.raises(ValueError, match=next(iter(options))):
                client.work(lambda job: None, **options)
