"""Sends requests: repeats them while that may help and cannot do them twice, and refreshes expired tokens."""

from __future__ import annotations

import time

import httpx

from .._core import requests
from .._core.requests import AttemptFailed, Attempts, Request
from .._core.settings import CONNECT_TIMEOUT, CredentialCell, Settings
from ..credentials import Tokens
from ..errors import CallboardError, Outcome, UnusableAnswerError
from . import compat


class Sender:
    """The requests of a client and its copies."""

    def __init__(self, settings: Settings, credential: CredentialCell, http: compat.HttpClient) -> None:
        self.settings = settings
        self.credential = credential
        self.http = http

    async def send(self, request: Request) -> bytes:
        """Sends a request, repeated if needed; returns the body of the answer."""
        attempts = Attempts(self.settings, request)
        while True:
            try:
                return await self._attempt(request)
            except AttemptFailed as failed:
                failure = failed
            # Outside of `except`, so that the error is reported without the attempt.
            await compat.sleep(attempts.wait_after(failure))

    async def _attempt(self, request: Request) -> bytes:
        """Sends a request once, or twice if its access token has expired."""
        bearer = self.credential.bearer()
        try:
            return await self._exchange(request, bearer)
        except AttemptFailed as failure:
            if failure.error.problem is None or failure.error.problem.status != 401 or bearer is None:
                raise
            try:
                refreshed = await self.refresh(bearer)
            except CallboardError as error:
                # The request itself was refused, so it was certainly not carried out.
                error.outcome = "not_done"
                raise AttemptFailed(error, temporary=error.temporary) from failure
            if not refreshed:
                raise
        return await self._exchange(request, self.credential.bearer())

    async def _exchange(self, request: Request, bearer: str | None) -> bytes:
        """Sends a request once. Raises `AttemptFailed`."""
        headers = dict(request.headers)
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        outgoing = self.http.build_request(
            request.method,
            self.settings.url + request.path,
            params=list(request.params) or None,
            content=request.content,
            headers=headers,
            timeout=httpx.Timeout(request.timeout, connect=min(CONNECT_TIMEOUT, request.timeout)),
        )
        deadline = time.monotonic() + request.timeout
        try:
            response = await self.http.send(outgoing, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise requests.lost(self.settings, error, "not_done") from error
        except httpx.TransportError as error:
            outcome: Outcome = "not_done" if request.changes_nothing else "unknown"
            raise requests.lost(self.settings, error, outcome) from error
        try:
            body = await _read(response, deadline)
        except (httpx.TransportError, httpx.DecodingError) as error:
            if response.is_success:
                raise requests.lost(self.settings, error, "done") from error
            # Refused for a reason that a repetition states.
            raise AttemptFailed(requests.refused(response.status_code, b"", None).error, temporary=True) from error
        finally:
            await response.aclose()
        if not response.is_success:
            raise requests.refused(response.status_code, body, response.headers.get("retry-after"))
        return body

    async def refresh(self, used: str) -> bool:
        """Refreshes the tokens, once for all that ask; `used` is the expired access token.

        Returns false if there is no refresh token.
        """
        cell = self.credential
        if cell.tokens is None:
            return False
        await compat.acquire(cell.refreshing)
        try:
            if cell.tokens.access != used:
                return True
            async with compat.blocking_context(cell.store_lock()):
                newest = await compat.blocking(cell.load)
                if newest is not None and newest.access != used:
                    cell.tokens = newest
                    return True
                if newest is None or newest.refresh is None:
                    return False
                await compat.blocking(cell.save, await self._refresh_once(newest.refresh))
                return True
        finally:
            cell.refreshing.release()

    async def _refresh_once(self, token: str) -> Tokens:
        """Exchanges a refresh token. If the answer is lost, a repetition within 10 seconds gets the same tokens."""
        request = requests.build(self.settings, "POST", "/api/auth/token/refresh", json_body={"refresh": token})
        try:
            return requests.tokens(await self._exchange(request, None))
        except AttemptFailed as failure:
            raise failure.error from failure


async def _read(response: httpx.Response, deadline: float) -> bytes:
    """Reads a body of bounded length in bounded time."""
    chunks = []
    length = 0
    async for chunk in response.aiter_bytes():
        chunks.append(chunk)
        length += len(chunk)
        if length > requests.MAX_BODY:
            raise UnusableAnswerError(f"it is longer than {requests.MAX_BODY} bytes")
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer took too long")
    return b"".join(chunks)
