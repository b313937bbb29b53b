"""OpenAI's error object."""

from __future__ import annotations

from typing import Any

from fastapi.responses import JSONResponse

from api.core.errors import headers_of, status_of
from workers.messages.errors import AppError


def error_body(error: AppError) -> dict[str, Any]:
    """Return OpenAI's error object."""
    kind = "invalid_request_error" if status_of(error) < 500 else "server_error"
    return {"error": {"message": str(error), "type": kind, "param": None, "code": error.code}}


def error_response(error: AppError) -> JSONResponse:
    """Return the error as HTTP."""
    return JSONResponse(error_body(error), status_of(error), headers_of(error))
