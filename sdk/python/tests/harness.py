"""A server with a data folder of its own, and a proxy that can cut its connections."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
EMAIL, PASSWORD = "sdk@example.org", "correct horse battery"


def eventually(what: str, condition: Callable[[], object], seconds: float = 30) -> None:
    """Waits for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"timed out waiting for {what}"
        time.sleep(0.02)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """The debug build of the server, or `CALLBOARD_BIN`, with its own Postgres."""

    def __init__(self) -> None:
        target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
        self.program = os.environ.get("CALLBOARD_BIN", str(target / "debug/callboard"))
        self.folder = Path(tempfile.mkdtemp(prefix="callboard-python-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if name not in ("DATABASE_URL", "CALLBOARD_PUBLIC_URL")
            },
            "CALLBOARD_LISTEN": f"127.0.0.1:{self.port}",
            "CALLBOARD_DATA_DIR": str(self.folder / "data"),
            "CALLBOARD_RUNTIME_DIR": os.environ.get("CALLBOARD_RUNTIME_DIR", str(ROOT / ".runtime")),
            "CALLBOARD_ADMIN_EMAIL": EMAIL,
            "CALLBOARD_ADMIN_PASSWORD": PASSWORD,
            "CALLBOARD_EMBEDDING_PROVIDER": "none",
            "CALLBOARD_REQUEST_RATE": "100000",
        }
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Starts the server and waits until it is ready."""
        log = self.folder / "server.log"
        with open(log, "a") as errors:
            self.process = subprocess.Popen(
                [self.program, "serve"],
                env=self.environment,
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if re.search(r"ready at \S+", line):
                # The pipe is read to the end, so that it never fills.
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return
        raise AssertionError(f"the server did not start:\n{log.read_text()[-4000:]}")

    def stop(self) -> None:
        """Stops the server."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process = None

    def restart(self) -> None:
        """Stops the server and starts it again at the same address."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stops the server and removes its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Proxy:
    """A TCP proxy that a test can disconnect, and that drops answers or cuts connections at random."""

    def __init__(self, server: Server) -> None:
        self._target: int | None = server.port
        self._port = server.port
        self._dropped = 0
        self._cut_per_mille = 0
        self._random = random.Random(4)
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self.cuts = 0
        ready = threading.Event()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            listener = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            ready.set()
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        ready.wait()

    def disconnect(self) -> None:
        """Closes every connection; new ones are closed at once until `connect`."""
        self._target = None
        self._loop.call_soon_threadsafe(self._close_all)

    def connect(self) -> None:
        """Passes new connections on again."""
        self._target = self._port

    def drop_answers(self, count: int) -> None:
        """Closes the connection instead of passing the next answers on."""
        self._dropped = count

    @property
    def answers_to_drop(self) -> int:
        """Answers that are still to be dropped."""
        return self._dropped

    def cut_at_random(self, per_mille: int) -> None:
        """Cuts so many of a thousand reads from either side: a part is passed on, then the connection closes."""
        self._cut_per_mille = per_mille

    def close(self) -> None:
        """Ends the proxy."""
        self.disconnect()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _close_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: asyncio.StreamWriter | None = None
        try:
            if self._target is None:
                return
            answers, upstream = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers |= {writer, upstream}
            copies = [
                asyncio.ensure_future(self._copy(reader, upstream, is_answer=False)),
                asyncio.ensure_future(self._copy(answers, writer, is_answer=True)),
            ]
            await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
            for copy in copies:
                copy.cancel()
        except OSError:
            pass
        finally:
            for end in (writer, upstream):
                if end is not None:
                    self._writers.discard(end)
                    end.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool) -> None:
        try:
            while data := await reader.read(16 * 1024):
                if is_answer and self._dropped > 0:
                    self._dropped -= 1
                    return
                if self._random.randrange(1000) < self._cut_per_mille:
                    self.cuts += 1
                    writer.write(data[: self._random.randrange(len(data) + 1)])
                    await writer.drain()
                    return
                writer.write(data)
                await writer.drain()
        except OSError:
            return
