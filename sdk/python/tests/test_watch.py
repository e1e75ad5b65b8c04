"""Watches across restarts of the server and cut connections, with both flavors."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest

from callboard import AsyncClient, Client, Cursor, Event, Live, RefusedError, Resync, Snapshot, Tokens, Watch
from conftest import Board
from flavors import Flavor
from harness import EMAIL, PASSWORD, Proxy, Server, eventually


def ticket(board: Board, title: str) -> None:
    board.owner.create_ticket(workflow_id=board.id, title=title)


def until_live(watch: Watch) -> tuple[list[int], Cursor]:
    """Reads until live; returns the numbers of the events before."""
    numbers = []
    for update in watch:
        if isinstance(update, Event):
            numbers.append(update.seq)
        elif isinstance(update, Live):
            return numbers, update.cursor
        else:
            assert isinstance(update, Snapshot), update
    raise AssertionError("the watch has ended")


def events_up_to(watch: Watch, last: int) -> list[int]:
    """Reads events up to this number."""
    numbers: list[int] = []
    while not numbers or numbers[-1] < last:
        update = next(watch)
        assert isinstance(update, (Event, Live)), update
        if isinstance(update, Event):
            numbers.append(update.seq)
    return numbers


def test_each_event_comes_once_across_restarts_and_disconnects(server: Server, board: Board, proxy: Proxy) -> None:
    room = f"workflow:{board.id}"
    clients = [Flavor(name).client(proxy.url, key=board.key) for name in ("sync", "async")]
    watches = [client.watch(room) for client in clients]
    starts = [until_live(watch) for watch in watches]
    start = starts[0][1]
    assert starts == [([], start)] * 2
    seen: list[list[int]] = [[], []]

    def read() -> int:
        last = board.owner.end_of_stream(board.id).seq
        for watch, numbers in zip(watches, seen, strict=True):
            numbers += events_up_to(watch, last)
        return last

    for number in range(3):
        ticket(board, f"Live {number}")
        read()
        proxy.disconnect()
        # Written while the clients were disconnected.
        for more in range(3):
            ticket(board, f"Unheard {number} {more}")
        proxy.connect()
        read()
    server.restart()
    ticket(board, "After the restart")
    last = read()
    assert seen == [list(range(start.seq + 1, last + 1))] * 2
    for client, watch in zip(clients, watches, strict=True):
        assert watch.cursor == Cursor(start.epoch, last)
        watch.close()
        # A new process resumes from a stored cursor.
        with client.watch(room, asdict(Cursor(start.epoch, start.seq + 3))) as again:
            assert until_live(again)[0] == list(range(start.seq + 4, last + 1))
        client.close()


def test_cuts_in_the_middle_of_messages_lose_nothing(server: Server, board: Board, proxy: Proxy) -> None:
    start = board.owner.end_of_stream(board.id)
    proxy.cut_at_random(40)
    written = threading.Event()

    def write() -> None:
        for number in range(80):
            ticket(board, f"Cut {number}")
        proxy.cut_at_random(0)
        written.set()
        ticket(board, "The last")

    def read(flavor: Flavor) -> list[int]:
        seen: list[int] = []
        with flavor.client(proxy.url, key=board.key) as client, client.watch(f"workflow:{board.id}", start) as watch:
            for update in watch:
                if isinstance(update, Event):
                    seen.append(update.seq)
                assert not isinstance(update, (Resync, Snapshot))
                if written.is_set() and seen and seen[-1] == board.owner.end_of_stream(board.id).seq:
                    break
        return seen

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read, Flavor(name)) for name in ("sync", "async")]
        pool.submit(write).result(60)
        for reader in readers:
            seen = reader.result(60)
            assert seen == list(range(start.seq + 1, seen[-1] + 1))
            assert len(seen) >= 80
    assert proxy.cuts > 0


def test_an_unusable_cursor_is_a_resync(server: Server, flavor: Flavor, board: Board) -> None:
    ticket(board, "There")
    with flavor.client(server.url, key=board.key) as client:
        with client.watch(f"workflow:{board.id}", Cursor("another", 1)) as watch:
            update = next(watch)
        assert isinstance(update, Resync)
        assert update.state["tickets"][0]["title"] == "There"
        assert update.cursor == client.end_of_stream(board.id)


def test_a_forbidden_room_ends_with_the_reason(server: Server, flavor: Flavor, board: Board) -> None:
    with flavor.client(server.url, key=board.key) as client:
        watch = client.watch("workflow:wf-of-others")
        with pytest.raises(RefusedError) as refused:
            next(watch)
        assert refused.value.problem.status == 404
        assert list(watch) == []
    with flavor.client(server.url, key="cb_wrong") as client, pytest.raises(RefusedError) as wrong:
        next(client.watch(f"workflow:{board.id}"))
    assert wrong.value.problem.status == 401


def test_a_revoked_key_ends_a_watch(server: Server, board: Board) -> None:
    clients = [Flavor(name).client(server.url, key=board.key) for name in ("sync", "async")]
    watches = [client.watch(f"workflow:{board.id}") for client in clients]
    for watch in watches:
        until_live(watch)
    board.owner.request("DELETE", f"/api/keys/{board.key_id}")
    for client, watch in zip(clients, watches, strict=True):
        with pytest.raises(RefusedError) as revoked:
            for _ in watch:
                pass
        assert revoked.value.problem.status in (401, 403)
        client.close()


def test_an_expired_token_is_refreshed(server: Server, flavor: Flavor, board: Board) -> None:
    with flavor.sign_in(server.url, EMAIL, PASSWORD) as client:
        assert client.tokens is not None
        client._sender.credential.tokens = Tokens("expired", client.tokens.refresh)
        with client.watch(f"workflow:{board.id}") as watch:
            until_live(watch)
        assert client.tokens.access != "expired"


def test_a_slow_reader_misses_nothing(server: Server, board: Board) -> None:
    clients = [Flavor(name).client(server.url, key=board.key) for name in ("sync", "async")]
    watches = [client.watch(f"workflow:{board.id}") for client in clients]
    starts = [until_live(watch)[1] for watch in watches]
    # More than what waits in memory.
    for number in range(70):
        ticket(board, f"Unread {number}")
    last = board.owner.end_of_stream(board.id).seq
    for client, watch, start in zip(clients, watches, starts, strict=True):
        assert events_up_to(watch, last) == list(range(start.seq + 1, last + 1))
        watch.close()
        client.close()


def test_closing_ends_a_waiting_iteration(server: Server, board: Board) -> None:
    with Client(server.url, key=board.key) as client:
        watch = client.watch(f"workflow:{board.id}")
        ended: queue.Queue[bool] = queue.Queue()
        threading.Thread(target=lambda: ended.put(len(list(watch)) == 2), daemon=True).start()
        eventually("the subscription", lambda: watch.cursor is not None)
        time.sleep(0.2)
        watch.close()
        assert ended.get(timeout=10)


def test_a_cancelled_wait_loses_nothing(server: Server, board: Board) -> None:
    async def follow() -> list[int]:
        seen: list[int] = []
        async with AsyncClient(server.url, key=board.key) as client:
            async with client.watch(f"workflow:{board.id}", await client.end_of_stream(board.id)) as watch:
                for number in range(20):
                    await client.create_ticket(workflow_id=board.id, title=f"Ticket {number}")
                last = (await client.end_of_stream(board.id)).seq
                # The connection is opened without a time limit.
                first = await watch.__anext__()
                assert isinstance(first, Event)
                seen.append(first.seq)
                while not seen or seen[-1] < last:
                    try:
                        update = await asyncio.wait_for(watch.__anext__(), 0.001)
                    except asyncio.TimeoutError:
                        continue
                    if isinstance(update, Event):
                        seen.append(update.seq)
        return seen

    start = board.owner.end_of_stream(board.id).seq
    seen = asyncio.run(follow())
    assert seen == list(range(start + 1, seen[-1] + 1))
