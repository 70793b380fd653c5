# SPDX-License-Identifier: MIT
"""The web page, its stream of states and its buttons, for whoever has the token; nothing of it needs the internet.

A page of another site could reach a port of this computer, by a name that points to it (DNS rebinding) or by a form.
So the token stands in every path, Host must be this very address, and what acts needs an Origin of our own and a type
that a form cannot send.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import resources
from typing import Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from ..liveorders import Answer
from ..liveview import LiveView

EVERY_S = 0.25  # a change is shown within
ALIVE_S = 1.0  # ages grow; a page that hears nothing for three of these has lost the program
_LARGEST = 200  # bytes of an order
_STATIC = resources.files(__package__) / "static"
FILES = {
    "": ("live.html", "text/html"),
    "live.css": ("live.css", "text/css"),
    "live.js": ("live.js", "text/javascript"),
    "plots.js": ("plots.js", "text/javascript"),
    "uplot.css": ("uPlot.min.css", "text/css"),
    "uplot.js": ("uPlot.iife.min.js", "text/javascript"),
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Marks(Protocol):
    """Who carries out what the buttons ask for."""

    async def mark(self, kind: str) -> Answer: ...


class Page:
    """`app` is the ASGI application of one run, at `port` of the loopback address."""

    def __init__(self, view: LiveView, orders: Marks, port: int) -> None:
        self._view = view
        self._orders = orders
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._token = secrets.token_urlsafe(24)
        self._over = asyncio.Event()
        self.path = f"/{self._token}/"
        guarded = {"states": (self._states, "GET"), "mark": (self._mark, "POST")}
        routes = [
            Route("/{token}/" + name, self._guarded(handler), methods=[method])
            for name, (handler, method) in guarded.items()
        ]
        routes += [Route("/{token}/" + name, self._guarded(_file(*file))) for name, file in FILES.items()]
        routes.append(Route("/{rest:path}", self._guarded(_nothing)))
        self.app = Starlette(routes=routes, exception_handlers={HTTPException: self._other_method})

    def close(self) -> None:
        """The last state goes out, then every stream ends."""
        self._over.set()

    def _guarded(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def checked(request: Request) -> Response:
            why = self._refused(request)
            response = PlainTextResponse(why, 403) if why else await handler(request)
            response.headers.update(HEADERS)
            return response

        return checked

    async def _other_method(self, request: Request, error: Exception) -> Response:
        async def told(request: Request) -> Response:
            return PlainTextResponse("not in this way", 405)

        return await self._guarded(told)(request)

    def _refused(self, request: Request) -> str:
        """Why this request is not answered; empty when it is."""
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if host not in self._hosts:
            return "this is not the address of the page"
        if origin is None and request.method != "GET":
            return "an order must come from the page itself"
        if origin is not None and origin != f"http://{host}":
            return "asked for by another site"
        token = request.path_params.get("token", "")
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return "open the address that kneesense run printed: it ends with the token of this run"
        return ""

    async def _states(self, request: Request) -> Response:
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[str]:
        """The whole state, whenever it changed and every second: a page that comes back has missed nothing."""
        shown, told_s = -1, 0.0
        while not self._over.is_set():
            now_s = time.monotonic()
            if self._view.version != shown or now_s - told_s >= ALIVE_S:
                shown, told_s = self._view.version, now_s
                yield _event("state", self._view.state(now_s))
            try:
                await asyncio.wait_for(self._over.wait(), EVERY_S)
            except TimeoutError:
                continue
        yield _event("end", self._view.state(time.monotonic()))

    async def _mark(self, request: Request) -> Response:
        if request.headers.get("content-type") != "application/json":
            return PlainTextResponse("an order is JSON", 415)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LARGEST:
                return PlainTextResponse("an order is short", 413)
        try:
            kind = json.loads(body)["kind"]
        except (ValueError, TypeError, KeyError):
            kind = None
        if not isinstance(kind, str):
            return PlainTextResponse('an order is {"kind": ...}', 400)
        answer = await self._orders.mark(kind)
        return JSONResponse(answer._asdict(), 200 if answer.done else 409)


def _event(name: str, state: object) -> str:
    return f"event: {name}\ndata: {json.dumps(state, allow_nan=False)}\n\n"


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def handler(request: Request) -> Response:
        return Response((_STATIC / name).read_bytes(), media_type=kind)

    return handler


async def _nothing(request: Request) -> Response:
    return PlainTextResponse("nothing here", 404)
