"""Models are fetched, named anew and removed: what an admin may do, and what nothing here can."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, Response, StreamingResponse

from api.core.answers import IN_LINES
from api.gate.admin import allow_admin
from workers.client import Client
from workers.messages.errors import NotFoundError, UnsupportedInputError

from . import names
from .answering import NDJSON, ignored_header, in_line
from .bodies import AnyTypeRoute
from .creating import create, ignored_of
from .pulling import pull_lines, pulled
from .schemas import CopyBody, CreateBody, DeleteBody, PullBody

ADMIN = [allow_admin("manage its models")]
SUCCESS = {"status": "success"}
NO_ACCOUNT = "Quintet has no account at ollama.com: everything runs on this machine."
NO_BLOBS = "Quintet makes no models from uploaded files."
HOW_TO_ADD = "Add one with POST /v1/models, `quintet models add`, or on the page under Models."

Digest = Annotated[str, Path(pattern=r"^sha256[:-][0-9a-f]{64}$")]


def create_managing_router(client: Client) -> APIRouter:
    """Return the routes; all but those that refuse everybody are an admin's."""
    router = APIRouter(prefix="/api", route_class=AnyTypeRoute)

    @router.post("/pull", dependencies=ADMIN, responses=IN_LINES)
    async def pull(body: PullBody) -> Response:
        """Fetch a model of the catalogue; its progress as newline-delimited JSON, or the end at once."""
        if body.stream:
            return StreamingResponse(pull_lines(client, body), media_type=NDJSON)
        return JSONResponse(await pulled(client, body))

    @router.post("/create", dependencies=ADMIN, responses=IN_LINES)
    def create_model(body: CreateBody) -> Response:
        """Give a model that is here another name and other defaults."""
        lines = create(client, body)
        headers = ignored_header(ignored_of(body))
        if body.stream:
            return StreamingResponse(map(in_line, lines), media_type=NDJSON, headers=headers)
        return JSONResponse(lines[-1], headers=headers)

    @router.post("/copy", dependencies=ADMIN)
    def copy(body: CopyBody) -> Response:
        """Let a model be known by another name, too; its weights are not copied."""
        source = names.find(client.models, body.source)
        new_id = names.new_id(body.destination)
        client.manager.derive(source.id, new_id, {"name": names.untagged(body.destination)})
        return Response()

    @router.delete("/delete", dependencies=ADMIN)
    def delete(body: DeleteBody) -> Response:
        """Remove a model's files, or only the name if it was made here."""
        client.manager.remove(names.find(client.models, body.model).id)
        return Response()

    _add_unsupported(router, client)
    return router


def _add_unsupported(router: APIRouter, client: Client) -> None:
    @router.get("/blobs/{digest}")
    def has_blob(digest: Digest) -> Response:
        """Whether a model that is here has a file of this digest."""
        cards = [card for card in client.models.known() if digest[-64:] in card.files.values()]
        if not any(client.manager.state(card).is_ready for card in cards):
            raise NotFoundError(f"No file with the digest {digest} is here.")
        return Response()

    @router.post("/blobs/{digest}", status_code=400)
    def add_blob(digest: Digest) -> None:
        """Refused: models are added by the address of their files."""
        raise UnsupportedInputError(NO_BLOBS, HOW_TO_ADD)

    @router.post("/push", status_code=400)
    def push() -> None:
        """Refused: nothing leaves this machine."""
        raise UnsupportedInputError(NO_ACCOUNT)

    @router.post("/me", status_code=404, include_in_schema=False)
    @router.post("/signout", status_code=404, include_in_schema=False)
    def no_account() -> None:
        """Refused: nobody is logged in anywhere."""
        raise NotFoundError(NO_ACCOUNT)
