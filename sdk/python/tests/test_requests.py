"""Requests to a real server, through restarts and cut connections, with both flavors."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callboard import Client, FileTokenStore, RefusedError, Tokens, UnreachableError, UnusableAnswerError
from conftest import Board
from flavors import Flavor
from harness import EMAIL, PASSWORD, Proxy, Server


def titles(client: Client, board: Board) -> list[str]:
    return sorted(ticket["title"] for ticket in client.tickets(workflow_id=board.id, page_size=7))


def test_tickets_from_start_to_end(server: Server, flavor: Flavor, board: Board) -> None:
    with flavor.client(server.url, key=board.key) as client:
        assert client.me()["user"]["id"] == board.agent
        assert client.find_workflow(board.name)["id"] == client.find_workflow(board.id)["id"] == board.id
        assert board.id in [workflow["id"] for workflow in client.workflows(page_size=1)]
        first = client.create_ticket(workflow_id=board.id, title="Fix the login timeout", priority="high", tags=["a,b"])
        second = client.create_ticket(
            workflow_id=board.id, title="Announce the release", blocked_by_ticket_ids=[first["key"]]
        )
        moved = client.move_ticket(ticket_id=second["ticket_id"], new_status="in_progress")
        assert moved["blocking_ticket_ids"] == [first["ticket_id"]]
        client.comment(ticket_id=first["ticket_id"], comment_text="Sessions live a day now.")
        assert [one["comment_text"] for one in client.ticket_comments(first["ticket_id"])] == [
            "Sessions live a day now."
        ]
        assert client.claim_ticket(workflow_id=board.id)["ticket_id"] == first["ticket_id"]
        client.resolve_ticket(ticket_id=first["ticket_id"], resolution_comment="Sessions live a day now.")
        assert client.get_ticket(first["key"], board.id)["is_resolved"]
        changed = client.update_ticket(ticket_id=second["ticket_id"], updates={"assigned_agent_id": board.agent})
        assert changed["fields_updated"] == ["assigned_agent_id"]
        client.update_ticket(ticket_id=second["ticket_id"], updates={"assigned_agent_id": None})
        assert client.get_ticket(second["ticket_id"]).get("assigned_agent_id") is None
        found = client.search(workflow_id=board.id, query="release", search_type="keyword")
        assert [result["ticket_id"] for result in found["results"]] == [second["ticket_id"]]
        assert [one["key"] for one in client.tickets(workflow_id=board.id, tag=["a,b"])] == [first["key"]]
        assert [one["key"] for one in client.tickets(workflow_id=board.id, is_blocked=False, unassigned=True)]
        client.delete_ticket(second["ticket_id"])
        client.restore_ticket(second["ticket_id"])
        assert len(client.board(board.id)["tickets"]) == 2
        csv = {"workflow_id": board.id, "query": "release", "search_type": "keyword", "format": "csv"}
        exported = client.request("POST", "/api/tickets/search/export", json=csv, expect="text")
        assert "Announce the release" in exported


def test_long_lists_come_page_by_page(server: Server, flavor: Flavor, board: Board) -> None:
    with flavor.client(server.url, key=board.key) as client:
        expected = [f"Ticket {number:02}" for number in range(23)]
        for title in expected:
            client.create_ticket(workflow_id=board.id, title=title)
        assert titles(client, board) == expected
        job = client.create_job(workflow_id=board.id, title="Lists", initial_prompt="Write a lot.", with_ticket=True)
        for number in range(9):
            client.post_job_message(job_id=job["id"], content=f"line {number}")
        lines = [one["content"] for one in client.job_messages(job["id"], kind="chat,log", page_size=4)]
        assert lines == [f"line {number}" for number in range(9)]
        assert [one["id"] for one in client.jobs(workflow_id=board.id, status=["collecting", "queued"])] == [job["id"]]


def test_errors_say_what_is_wrong(server: Server, flavor: Flavor, board: Board) -> None:
    with flavor.client(server.url, key=board.key) as client:
        with pytest.raises(RefusedError) as refused:
            client.create_ticket(workflow_id=board.id, title="x")
        error = refused.value
        assert (error.problem.status, error.code, error.outcome, error.temporary) == (422, "invalid", "not_done", False)
        assert error.problem.errors[0].field == "title"
        with pytest.raises(RefusedError) as missing:
            client.find_workflow("No such workflow")
        assert missing.value.problem.status == 404
        body = {"workflow_id": board.id, "query": "release", "search_type": "keyword", "format": "csv"}
        with pytest.raises(UnusableAnswerError):
            client.request("POST", "/api/tickets/search/export", json=body)
    with flavor.client(server.url, key="cb_wrong") as client, pytest.raises(RefusedError) as unauthenticated:
        client.me()
    assert unauthenticated.value.problem.status == 401
    with flavor.client("http://127.0.0.1:9", key=board.key, max_attempts=2) as client:
        with pytest.raises(UnreachableError) as unreachable:
            client.create_ticket(workflow_id=board.id, title="Nowhere")
        assert (unreachable.value.outcome, unreachable.value.temporary) == ("not_done", True)


def test_a_key_of_the_caller_makes_a_write_happen_once(server: Server, flavor: Flavor, board: Board) -> None:
    key = f"nightly-{uuid.uuid4()}"
    with flavor.client(server.url, key=board.key) as client:
        made = {
            client.create_ticket(workflow_id=board.id, title="Nightly build failed", idempotency_key=key)["ticket_id"]
            for _ in range(3)
        }
        assert len(made) == 1
        with pytest.raises(RefusedError) as reused:
            client.create_ticket(workflow_id=board.id, title="Something else", idempotency_key=key)
        assert reused.value.code == "idempotency_key_reused"


def test_acting_for_an_agent(server: Server, flavor: Flavor, board: Board) -> None:
    with flavor.sign_in(server.url, EMAIL, PASSWORD) as client:
        acting = client.acting_for(board.agent)
        ticket = acting.create_ticket(workflow_id=board.id, title="Written for an agent")
        assert client.get_ticket(ticket["ticket_id"])["created_by_agent_id"] == board.agent


def test_lost_answers_are_repeated_under_the_same_key(
    server: Server, flavor: Flavor, board: Board, proxy: Proxy
) -> None:
    with flavor.client(proxy.url, key=board.key) as client:
        client.me()
        for number in range(3):
            proxy.drop_answers(2)
            client.create_ticket(workflow_id=board.id, title=f"Once {number}")
            assert proxy.answers_to_drop == 0
        assert titles(client, board) == ["Once 0", "Once 1", "Once 2"]
    with flavor.client(proxy.url, key=board.key, max_attempts=2) as client:
        proxy.drop_answers(100)
        key = str(uuid.uuid4())
        with pytest.raises(UnreachableError) as lost:
            client.create_ticket(workflow_id=board.id, title="Unknown", idempotency_key=key)
        assert lost.value.outcome == "unknown"
        proxy.drop_answers(0)
        client.create_ticket(workflow_id=board.id, title="Unknown", idempotency_key=key)
        assert titles(client, board).count("Unknown") == 1


def test_no_write_happens_twice_through_cuts_and_a_restart(server: Server, board: Board, proxy: Proxy) -> None:
    restarted = threading.Event()

    def write(worker: int) -> list[str]:
        written = []
        with Flavor(("sync", "async")[worker % 2]).client(proxy.url, key=board.key) as client:
            number = 0
            # Everybody writes before, during and after the restart.
            while number < 8 or not restarted.is_set():
                title, key = f"Writer {worker} number {number:03}", str(uuid.uuid4())
                while True:
                    try:
                        client.create_ticket(workflow_id=board.id, title=title, idempotency_key=key)
                        break
                    except (UnreachableError, RefusedError) as error:
                        assert error.temporary, error
                written.append(title)
                number += 1
        return written

    proxy.cut_at_random(60)
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, worker) for worker in range(4)]
        server.restart()
        restarted.set()
        expected = sorted(title for writer in writers for title in writer.result(60))
    proxy.cut_at_random(0)
    assert proxy.cuts > 0
    assert titles(board.owner, board) == expected


def test_expired_tokens_are_refreshed_once(server: Server, flavor: Flavor, tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    with flavor.sign_in(server.url, EMAIL, PASSWORD, store=store) as client:
        first = client.tokens
    assert first is not None
    assert store.load() == first
    assert "eyJ" not in repr(first)
    expired = Tokens("expired", first.refresh)
    store.save(expired)
    # A second refresh with the same token would end the session.
    with flavor.client(server.url, store=store) as client, flavor.client(server.url, store=store) as other:
        with ThreadPoolExecutor(10) as pool:
            for call in [pool.submit((client, other)[number % 2].me) for number in range(10)]:
                assert call.result(30)["user"].get("email") == EMAIL
        assert client.tokens == other.tokens == store.load() != expired
        # Another process has refreshed: its tokens are used.
        client._sender.credential.tokens = expired
        client.me()
        assert client.tokens == store.load()
        client.sign_out()
        client._sender.credential.tokens = expired
        store.save(Tokens("expired", client.tokens.refresh if client.tokens else None))
        with pytest.raises(RefusedError) as ended:
            client.me()
        assert ended.value.problem.status == 401


def test_a_wrong_password(server: Server, flavor: Flavor) -> None:
    with pytest.raises(RefusedError) as refused:
        flavor.sign_in(server.url, EMAIL, "wrong horse battery")
    assert (refused.value.problem.status, refused.value.outcome) == (401, "not_done")


def test_questions_to_people(server: Server, flavor: Flavor, board: Board) -> None:
    with flavor.client(server.url, key=board.key) as client:
        ticket = client.create_ticket(workflow_id=board.id, title="Announce the release")["ticket_id"]
        asked = client.ask_people(ticket_id=ticket, question="When shall it go out?", options=["tonight", "tomorrow"])
        assert client.get_approval(asked["approval_id"])["status"] == "pending"
        pending = board.owner.approvals(workflow_id=board.id, status="pending")
        assert [one["id"] for one in pending] == [asked["id"]]
        board.owner.decide_approval(asked["id"], "answer", answer="tonight")
        decided = client.get_approval(asked["id"], wait=30)
        assert (decided["status"], decided.get("answer")) == ("answered", "tonight")
        other = client.ask_people(ticket_id=ticket, question="And the day after?")
        assert client.withdraw_approval(other["id"])["status"] == "withdrawn"
