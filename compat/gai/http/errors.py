"""Gai/Gen's errors: `{"type":"error","code","message"}` everywhere, and its codes."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from api.core.errors import ForbiddenError, headers_of, status_of
from workers.messages.errors import AppError, RequestError


class ModelServiceMismatchError(RequestError):
    """The model's name is not one that this category answers to."""

    code = "model_service_mismatch"


class DuplicateChunkError(RequestError):
    """The document is in the collection already."""

    code = "duplicate_chunk"


class SwitchedOffError(ForbiddenError):
    """A route that changes the service from outside, which Quintet does not allow."""

    code = "switched_off"


def error_body(error: AppError, code_of_500: str) -> dict[str, str]:
    """Return the error's object; `code_of_500` is the category's word for anything unforeseen."""
    code = code_of_500 if status_of(error) == 500 else error.code
    return {"type": "error", "code": code, "message": str(error)}


def on_error(error: AppError) -> JSONResponse:
    """Return the error of every category but RAG as HTTP."""
    return JSONResponse(error_body(error, "internal_error"), status_of(error), headers_of(error))


def on_rag_error(error: AppError) -> JSONResponse:
    """Return RAG's error as HTTP."""
    return JSONResponse(error_body(error, "unexpected_error"), status_of(error), headers_of(error))


def on_invalid(error: RequestValidationError) -> JSONResponse:
    """Return 422 as FastAPI does, without repeating what was sent."""
    findings = [{key: found[key] for key in ("loc", "msg", "type")} for found in error.errors()]
    return JSONResponse({"detail": findings}, 422)
