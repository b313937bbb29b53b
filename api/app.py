"""The HTTP side: health, and one router per dialect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import fastapi
from fastapi import Depends, FastAPI, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from configs.settings import Settings
from workers.client import Client
from workers.messages.errors import AppError

from . import documentation
from .anthropic.routes import ANTHROPIC
from .core.answers import error_responses
from .core.dialect import Dialect, dialect_of
from .core.errors import from_http, headers_of
from .gate.access import Access
from .gate.bodies import refuse_halves
from .gate.deadline import tell_of_header
from .gate.gate import Gate
from .gate.headers import SecurityHeaders, security_headers
from .gate.limits import KeyLimits
from .gate.origin import Origins
from .mcp.door import mount_tools
from .ollama.routes import OLLAMA
from .openai.routes import OPENAI
from .openai.unsupported_routes import create_unsupported_router
from .responses.routes import RESPONSES
from .server.drain import Drain, DrainGate

DIALECTS: tuple[Dialect, ...] = (
    OPENAI,
    RESPONSES,
    ANTHROPIC,
    OLLAMA,
)
"""Today's systems. To add one: a folder with `schemas.py`, `convert.py`, `routes.py`, and its name here.

Those of older systems live in `compat/`; `compat.dialects` lists both.
"""


def create_api(
    client: Client, settings: Settings, dialects: Sequence[Dialect] = DIALECTS
) -> FastAPI:
    """Return the application that the page is mounted on; it speaks these dialects."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with run_tools():
            client.warm(*settings.pool.warm)
            yield

    # its documentation comes from this machine, like everything else
    api = FastAPIOffline(
        title="Quintet",
        description=documentation.description(dialects),
        openapi_tags=documentation.tags(dialects),
        lifespan=lifespan,
        docs_url="/docs",
        redoc_url=None,
    )
    api.include_router(documentation.create_documentation_router())
    for dialect in dialects:
        api.include_router(
            dialect.create_router(client, settings),
            tags=[dialect.name],
            dependencies=[Depends(refuse_halves), Depends(tell_of_header)],
            responses=error_responses(dialect),
        )
    api.include_router(create_unsupported_router())  # last: it answers to anything under /v1
    _add_health(api, client)
    _add_error_handlers(api, settings, dialects)
    limits = KeyLimits()
    run_tools = mount_tools(api, client, settings, limits)
    _add_gate(api, settings, limits, dialects)
    return api


def _add_gate(
    api: FastAPI, settings: Settings, limits: KeyLimits, dialects: Sequence[Dialect]
) -> None:
    """Put the check of origin, identity and limits in front, CORS and our headers around it."""
    server = settings.server
    access, origins = Access(server), Origins(server)
    api.state.check_login = access.check_login
    api.state.drain = Drain()
    api.add_middleware(
        Gate,
        access=access,
        origins=origins,
        limits=limits,
        dialects=dialects,
        server=server,
    )
    api.add_middleware(DrainGate, drain=api.state.drain, dialects=dialects)
    # Starlette's own class: Gradio looks for it, and then leaves CORS to us.
    api.add_middleware(CORSMiddleware, **origins.cors_options())
    api.add_middleware(SecurityHeaders, frame_ancestors=server.frame_ancestors)


def _add_health(api: FastAPI, client: Client) -> None:
    @api.get("/healthz", tags=["Health"])
    def healthz() -> dict[str, str]:
        """The process lives."""
        return {"status": "ok"}

    @api.get("/readyz", tags=["Health"], responses={503: {"description": "Not ready"}})
    def readyz(response: Response) -> dict[str, str]:
        """A worker has a model in memory; 503 until then."""
        states: dict[str, str] = {
            worker.modality: worker.state for worker in client.status().workers
        }
        is_ready = any(state in ("ready", "busy") for state in states.values())
        status = "ready" if is_ready else "not ready"
        if api.state.drain.has_begun:
            status = "stopping"
        response.status_code = 200 if status == "ready" else 503
        return {"status": status, **states}


def _add_error_handlers(api: FastAPI, settings: Settings, dialects: Sequence[Dialect]) -> None:
    @api.exception_handler(AppError)
    async def answer_error(request: fastapi.Request, error: AppError) -> Response:
        response = dialect_of(request.url.path, dialects).on_error(error)
        response.headers.update(headers_of(error))
        return response

    @api.exception_handler(RequestValidationError)
    async def misshapen(request: fastapi.Request, error: RequestValidationError) -> Response:
        return dialect_of(request.url.path, dialects).refuse(error)

    @api.exception_handler(HTTPException)
    async def unread(request: fastapi.Request, error: HTTPException) -> Response:
        return dialect_of(request.url.path, dialects).on_error(from_http(error))

    @api.exception_handler(Exception)
    async def unforeseen(request: fastapi.Request, _: Exception) -> Response:
        sentence = "This went wrong inside Quintet; its log says why."
        response = dialect_of(request.url.path, dialects).on_error(AppError(sentence))
        # sent from around all middleware, also around the one that adds these
        response.headers.update(security_headers(settings.server.frame_ancestors))
        return response
