"""The generic request that every method of the client is made of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

from .._core import requests
from .._core.settings import Settings
from .sending import Sender


class AsyncRequests:
    """Sends requests to the REST API."""

    _sender: Sender

    @property
    def _settings(self) -> Settings:
        return self._sender.settings

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        expect: Literal["json", "text"] = "json",
    ) -> Any:
        """Sends a request to any endpoint and returns the decoded answer (None if it is empty).

        It is repeated with backoff if the server is unavailable, limits the rate, or its answer is lost. Every write
        carries an `Idempotency-Key`, so it happens once.

        Args:
            method: `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
            path: The path with its encoded segments, e.g. `/api/tickets/create`.
            json: The body.
            params: Query parameters. None is left out, lists are joined with commas.
            idempotency_key: 1 to 255 visible ASCII characters. Defaults to a new key. Give the same key to repeat a
                write whose outcome is unknown, also after a restart of the program; the server keeps keys for a day.
            timeout: Time limit of one attempt in seconds. Defaults to the client's.
            expect: `text` for answers that are no JSON, such as exports.

        Raises:
            RefusedError: The server refused the request.
            UnreachableError: The server cannot be reached, or the answers to all attempts were lost.
            UnusableAnswerError: The answer is not JSON.
            ValueError: The request itself is not valid.

        Example::

            await client.request("POST", "/api/webhooks", json={"workflow_id": "wf-1", "url": "https://example.org"})
        """
        request = requests.build(
            self._settings,
            method,
            path,
            params=params,
            json_body=json,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )
        return requests.answer(await self._sender.send(request), expect)

    async def pages(
        self, path: str, items: str, params: Mapping[str, Any] | None = None, *, page_size: int = 100
    ) -> AsyncIterator[Any]:
        """Iterates over the rows of a paged list; requests the next page when it is needed.

        Args:
            path: The list, e.g. `/api/webhooks`.
            items: The member of a page that holds its rows, e.g. `webhooks`.
            params: The filters.
            page_size: Rows of one request, 1 to 200.
        """
        cursor: str | None = None
        while True:
            more = {"limit": page_size, "cursor": cursor}
            page = await self.request("GET", path, params={**(params or {}), **more})
            for row in requests.member(page, items, list):
                yield row
            cursor = page.get("next_cursor")
            if not cursor or not page.get("has_more"):
                return

    async def _get(self, path: str, params: Mapping[str, Any] | None = None, timeout: float | None = None) -> Any:
        return requests.object_of(await self.request("GET", path, params=params, timeout=timeout))

    async def _write(self, method: str, path: str, body: Mapping[str, Any] | None, key: str | None) -> Any:
        # None stands for a field that is not given; nested objects keep theirs, which clear a field.
        given = None if body is None else {name: value for name, value in body.items() if value is not None}
        return requests.object_of(await self.request(method, path, json=given, idempotency_key=key))

    async def _post(self, path: str, body: Mapping[str, Any], key: str | None) -> Any:
        return await self._write("POST", path, body, key)
