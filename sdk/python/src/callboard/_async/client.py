"""The client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, cast

from .. import types
from .._core import requests, settings
from .._core.settings import CredentialCell
from ..credentials import Tokens, TokenStore
from ..updates import Cursor
from . import compat
from .jobs import AsyncApprovals, AsyncJobs, AsyncUsage
from .sending import Sender
from .tickets import AsyncTickets
from .watch import AsyncWatch
from .work import AsyncWork
from .workflows import AsyncWorkflows


class AsyncClient(AsyncTickets, AsyncWorkflows, AsyncJobs, AsyncUsage, AsyncApprovals, AsyncWork):
    """A client of one server with one credential.

    Requests are repeated with backoff when the server is unavailable, limits the rate, or an answer is lost. Every
    write carries an idempotency key, so it happens once. Errors are `CallboardError`, and their `outcome` says whether
    the request was carried out.

    Args:
        url: The server's address, e.g. `http://127.0.0.1:8080`.
        key: An API key, `cb_…`.
        tokens: The tokens of a sign-in, instead of a key. They are refreshed when they expire.
        store: Where refreshed tokens are kept, for several processes with one sign-in. Defaults to memory.
        agent_id: The agent to act for, if the credential may act for others (`X-Agent-ID`).
        timeout: Time limit of one attempt in seconds.
        max_attempts: Attempts of one request, at least 1.
        strict: Refuse unknown assignees instead of making agents of them.

    Raises:
        ValueError: A setting is not valid.

    Example::

        async with AsyncClient("http://127.0.0.1:8080", key="cb_…") as client:
            workflow = await client.find_workflow("Bicycle shop")
            await client.create_ticket(workflow_id=workflow["id"], title="Login fails")
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        tokens: Tokens | None = None,
        store: TokenStore | None = None,
        agent_id: str | None = None,
        timeout: float = 45.0,
        max_attempts: int = 5,
        strict: bool = False,
    ) -> None:
        options = replace(settings.settings(url, timeout, max_attempts, strict), agent_id=agent_id)
        if tokens is None and key is None and store is not None:
            tokens = store.load()
        self._sender = Sender(options, CredentialCell(key, tokens, store), compat.http_client(options))

    @classmethod
    async def sign_in(
        cls,
        url: str,
        email: str,
        password: str,
        *,
        store: TokenStore | None = None,
        timeout: float = 45.0,
        max_attempts: int = 5,
        strict: bool = False,
    ) -> AsyncClient:
        """A client of a person who signs in with an e-mail address and a password. See the class for the arguments.

        Raises:
            RefusedError: With the status 401 if the address or the password is wrong.
        """
        client = cls(url, timeout=timeout, max_attempts=max_attempts, strict=strict)
        try:
            body = {"email": email, "password": password, "token_mode": "json"}
            request = requests.build(client._settings, "POST", "/api/auth/login", json_body=body)
            tokens = requests.tokens(await client._sender.send(request))
            if store is not None:
                await compat.blocking(store.save, tokens)
        except BaseException:
            await client.aclose()
            raise
        client._sender.credential = CredentialCell(None, tokens, store)
        return client

    async def sign_out(self) -> None:
        """Ends the session of the client's tokens."""
        tokens = self._sender.credential.tokens
        if tokens is not None and tokens.refresh is not None:
            await self.request("POST", "/api/auth/logout", json={"refresh": tokens.refresh})

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        return self._settings.url

    @property
    def tokens(self) -> Tokens | None:
        """The current tokens, if the client is signed in with a password."""
        return self._sender.credential.tokens

    def acting_for(self, agent_id: str) -> AsyncClient:
        """The same client, acting for an agent. It shares connections and tokens, and needs no closing of its own."""
        copy = AsyncClient.__new__(AsyncClient)
        options = replace(self._settings, agent_id=agent_id)
        copy._sender = Sender(options, self._sender.credential, self._sender.http)
        return copy

    async def me(self) -> types.Me:
        """The authenticated actor, and what its credential may do."""
        return cast(types.Me, await self._get("/api/auth/me"))

    def watch(self, room: str, since: Cursor | Mapping[str, Any] | None = None) -> AsyncWatch:
        """Follows a room: `workflow:<id>`, `ticket:<id>`, `job:<id>` or `search:<id>`.

        Yields `Snapshot` (or nothing, if `since` can be continued), `Event`, `Resync` and `Live`. The iteration goes on
        across lost connections and restarts of the server, without a gap or a repetition, and ends only with an error
        that no retry can fix. While updates are not taken, at most 64 of them wait in memory.

        Args:
            room: The room.
            since: The cursor after which to begin. Defaults to a snapshot.

        Raises:
            RefusedError: While iterating; e.g. 404 if the room does not exist or is not the caller's, 401 if the
                credential is no longer valid.

        Example::

            async with client.watch("workflow:wf-1") as room:
                async for update in room:
                    if update.kind == "event":
                        print(update.seq, update.type)
        """
        return AsyncWatch(self._sender, room, since)

    async def aclose(self) -> None:
        """Closes the connections of requests."""
        await self._sender.http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
