"""Models are fetched, added, chosen and removed: routes of Quintet's own beside OpenAI's /models.

All but the reading of a state are an admin's. A download runs in the background; its progress is
read from the state.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from api.gate.admin import allow_admin
from workers.client import Client
from workers.messages.errors import NotFetchedError, UnsupportedInputError
from workers.messages.standing import standing_of
from workers.models.manager import ModelManager, Reach
from workers.models.setup.running import ModelSetup

PAUSE_WAIT_S = 5.0
"""A line that has gone silent is left after ten; the state says that it is not left yet."""
ADMIN = [allow_admin("manage its models")]

ModelId = Annotated[str, Path(description="The id of a model, as GET /v1/models lists it.")]


class AddBody(BaseModel):
    """A model to add."""

    source: str = Field(
        min_length=1,
        max_length=2000,
        description="OWNER/REPOSITORY[@REVISION][:FILE] of the hub, or the address of a file.",
    )
    id: str = Field("", max_length=100, description="Its name here; empty: made from its own.")
    modality: str = Field("", max_length=10, description="What for, where it could be two.")
    price: str = Field(
        "",
        max_length=100,
        description="Of a model on another server, of a million tokens read / written: 2.5/10 EUR.",
    )
    dry_run: bool = Field(False, description="Say what it is; add nothing.")


class PullBody(BaseModel):
    """How a model is fetched."""

    accept_license: bool = Field(False, description="Yes to a licence that limits the use.")


class UseBody(BaseModel):
    """How a model is used."""

    context_tokens: int | None = Field(
        None,
        ge=1,
        le=1 << 30,
        description="Tokens of one conversation; without it, as they are.",
    )


def create_managing_router(client: Client) -> APIRouter:
    """Return the routes; they have to come before those of `create_models_router`."""
    router, manager = APIRouter(), client.manager

    @router.get("/models/{model_id:path}/state")
    def state(model_id: ModelId) -> dict[str, Any]:
        """How it stands with a model: here, downloading (how far, how fast), or what is missing."""
        return manager.status(model_id).as_dict()

    @router.post("/models", status_code=201, dependencies=ADMIN)
    def add(body: AddBody, request: Request, response: Response) -> dict[str, Any]:
        """Add a model that the catalogue does not have; `dry_run` only says what it is."""
        reach: Reach = "page" if standing_of(request.scope).is_here else "web"
        card = manager.propose(
            body.source, model_id=body.id, modality=body.modality, price=body.price, reach=reach
        )
        if body.dry_run:
            response.status_code = 200
        widths = manager.quantizations(card) if body.dry_run else ()
        status = manager.proposed(card) if body.dry_run else manager.add(card)
        return {
            "id": card.id,
            "object": "model",
            "added": not body.dry_run,
            "card": card.model_dump(mode="json", exclude_defaults=True),
            "state": status.as_dict(),
            "quantizations": [one.as_dict() for one in widths],
        }

    _add_changes(router, manager, client.setup)
    return router


def _add_changes(router: APIRouter, manager: ModelManager, setup: ModelSetup) -> None:
    """Add what is done to a model that the list knows."""

    @router.post("/models/{model_id:path}/pull", status_code=202, dependencies=ADMIN)
    def pull(model_id: ModelId, body: PullBody | None = None) -> dict[str, Any]:
        """Start a download, or go on with it; it goes on in the background."""
        return _pull(manager, model_id, body or PullBody(accept_license=False))

    @router.post("/models/{model_id:path}/pause", dependencies=ADMIN)
    def pause(model_id: ModelId) -> dict[str, Any]:
        """Pause a download, whoever began it; what has arrived is kept."""
        return manager.pause(model_id, timeout_s=PAUSE_WAIT_S).as_dict()

    @router.post("/models/{model_id:path}/use", dependencies=ADMIN)
    def use(model_id: ModelId, body: UseBody | None = None) -> dict[str, Any]:
        """Make a model the one that requests without a model name use, now and after every start.

        `not_kept` says why the next start uses another one, where it does. With `context_tokens`, the
        next request loads it with so long a context, until Quintet ends.
        """
        context_tokens = body.context_tokens if body is not None else None
        chosen = setup.choose(model_id, context_tokens)
        return {**manager.status(chosen.card.id).as_dict(), "not_kept": chosen.not_kept}

    @router.delete("/models/{model_id:path}", dependencies=ADMIN)
    def remove(model_id: ModelId) -> dict[str, Any]:
        """Remove a model's files, a half download too; one that was added is forgotten."""
        removed = manager.remove(model_id)
        return {
            "id": removed.card.id,
            "object": "model",
            "deleted": True,
            "freed_mib": removed.freed_mib,
            "forgotten": removed.is_forgotten,
        }


def _pull(manager: ModelManager, model_id: str, body: PullBody) -> dict[str, Any]:
    """Raises: UnsupportedInputError that shows a licence and says how it is accepted here."""
    try:
        card = manager.pull(model_id, accept_license=body.accept_license)
    except NotFetchedError as err:
        hint = 'If you accept it, send {"accept_license": true}.'
        raise UnsupportedInputError(err.message, hint) from err
    return manager.status(card.id).as_dict()
