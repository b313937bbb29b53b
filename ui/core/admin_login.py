"""/admin: where an admin logs in, also where the page itself asks nobody for a password.

It makes a session of the page's own kind, so that the page, the routes and `/logout` know it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs

import gradio as gr
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from configs.server_settings import ADMIN
from workers.messages.standing import standing_of

MAX_FORM_BYTES = 4096
FORM = """<form method="post" action="./admin"><p><label>Password or key of an admin
<input type="password" name="password" autocomplete="current-password" required autofocus></label>
<button>Log in</button></p></form>"""
LOGGED_IN = "You are an admin here."
WRONG = "This is no password or key of an admin."

CheckLogin = Callable[[str, str], bool]
"""(user name, password) → whether they are right."""


def add_admin_login(api: FastAPI, check_login: CheckLogin, *, has_admin_secret: bool) -> None:
    """Add the routes; they find the page, which is mounted later, at `api.state.page`."""

    @api.get("/admin", include_in_schema=False)
    def show(request: Request) -> Response:
        """Ask for the password, or say why there is nothing to ask for."""
        standing = standing_of(request.scope)
        if standing.is_admin:
            return _html(LOGGED_IN)
        refusal = standing.refusal("manage this Quintet")
        return _html(refusal, FORM if has_admin_secret else "")

    @api.post("/admin", include_in_schema=False)
    async def log_in(request: Request) -> Response:
        """Take the password; the browser is an admin's from then on."""
        password = await _password(request)
        if not (has_admin_secret and check_login(ADMIN, password)):
            return _html(WRONG, FORM, status=403)
        response = RedirectResponse("./", 303)
        _start_session(api.state.page, response)
        return response


def _start_session(page: gr.routes.App, response: Response) -> None:
    """Let the page know this browser as the admin, in place of whoever it was before."""
    token = secrets.token_urlsafe(32)
    page.tokens[token] = ADMIN
    response.delete_cookie(f"access-token-{page.cookie_id}", secure=True, samesite="none")
    response.set_cookie(
        f"access-token-unsecure-{page.cookie_id}", token, httponly=True, samesite="strict"
    )


async def _password(request: Request) -> str:
    """Return what was typed; "" of a form that is too long to be ours."""
    content = b""
    async for block in request.stream():
        content += block
        if len(content) > MAX_FORM_BYTES:
            return ""
    form = parse_qs(content.decode("utf-8", errors="replace"))
    return form.get("password", [""])[0]


def _html(sentence: str, form: str = "", status: int = 200) -> HTMLResponse:
    head = '<meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    size = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head>{head}{size}<title>Quintet: admin</title></head>'
        f'<body><main><h1>Quintet</h1><p>{escape(sentence)}</p>{form}<p><a href="./">To the page'
        "</a></p></main></body></html>",
        status,
        {"Cache-Control": "no-store"},
    )
