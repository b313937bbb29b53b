"""The HTTP side. The dialects come here as routers; today it says how the workers are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response

from configs.settings import Settings
from workers.client import Client


def create_api(client: Client, settings: Settings) -> FastAPI:
    """Return the application that the page is mounted on."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        client.warm(*settings.pool.warm)
        yield

    api = FastAPI(title="Quintet", lifespan=lifespan, docs_url="/docs", redoc_url=None)

    @api.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process lives."""
        return {"status": "ok"}

    @api.get("/readyz")
    def readyz(response: Response) -> dict[str, str]:
        """A worker has a model in memory; 503 until then."""
        states: dict[str, str] = {
            worker.modality: worker.state for worker in client.status().workers
        }
        is_ready = any(state in ("ready", "busy") for state in states.values())
        response.status_code = 200 if is_ready else 503
        return {"status": "ready" if is_ready else "not ready", **states}

    return api
