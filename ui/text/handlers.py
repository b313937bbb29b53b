"""The Text tab's events: an action, an answer that is followed, a look for what others have changed."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import gradio as gr

from ui.core.callers import caller_of, owner_of
from ui.core.page_chats import PageChats
from ui.core.render import error_html
from ui.core.request import Update, error_line
from ui.text.composer.options_drawer import drawer_values, with_drawer
from ui.text.log.log_actions import save_options
from workers.client import Client
from workers.flows.turns.options import settings_of
from workers.messages.errors import AppError, NotFoundError, UnsupportedInputError

from .act import ALL, COMPOSER, LIST, LOG, Act, Outcome
from .actions import ACTIONS, LONG
from .draw import chats_html, composer, drawn, live_rows, presets, running, state_of
from .layout import ChatParts, about_html, empty_html
from .open_page import OpenPage

FAILED = {"failed": True, "dictated": ""}
"""What was sent stays in the box."""


class ChatHandlers:
    """One method per event; what one browser tab sees is in its `OpenPage`."""

    def __init__(self, client: Client, chats: PageChats, parts: ChatParts) -> None:
        self._client = client
        self._chats = chats
        self._parts = parts

    async def on_load(self, page: OpenPage, request: gr.Request) -> Update:
        """Show the chat that the address names; a new one if there is none of that name."""
        asked = str(request.query_params.get("chat", ""))
        page.layers = None
        act = self._act(page, request, {})
        notice = ""
        if asked:
            try:
                page.look_at(act.own.get(asked).id)
            except NotFoundError as err:
                notice = error_html(err)
        return {
            **self._drawn(
                act, Outcome(draw=ALL, notice_html=notice, for_composer={"to_end": True})
            ),
            self._parts.page: page,
        }

    async def on_act(self, page: OpenPage, event: gr.EventData, request: gr.Request) -> Update:
        """Do what was clicked."""
        sent = event._data if isinstance(event._data, dict) else {}
        await page.in_turn(sent.get("number"))
        act = self._act(page, request, sent)
        try:
            name = act.text("act")
            if name not in ACTIONS:
                raise UnsupportedInputError(f"There is no action {name!r}.")
            if name in LONG:
                page.note_done(sent.get("number"))
            outcome = await ACTIONS[name](act)
        except Exception as err:  # noqa: BLE001 — the edge of the page: everything must be said
            outcome = self._refused(act, err)
        finally:
            page.note_done(sent.get("number"))
        return self._drawn(act, outcome)

    async def on_follow(
        self, page: OpenPage, event: gr.EventData, request: gr.Request
    ) -> AsyncGenerator[Update, None]:
        """Draw the answers that are being written in the open chat, until all have ended.

        Looking at another chat ends it, and stops nothing.
        """
        act, epoch = self._act(page, request, {}), page.epoch
        page.followed = epoch
        try:
            yield {self._parts.notice: gr.skip()}
            while turns := running(act):
                async for _ in turns[0].follow():
                    if page.epoch != epoch:
                        # what was sent last may come after what is seen now was drawn, and comes
                        # once more as this event ends: so it ends with what is seen now
                        yield self._drawn(act, Outcome(draw=(LOG,), notice_html=None))
                        return
                    yield {self._parts.live: live_rows(act)}
            yield self._drawn(act, Outcome(draw=(LIST, LOG, COMPOSER), notice_html=None))
        finally:
            if page.followed == epoch:  # or a later one is followed by now
                page.followed = None

    async def on_look(
        self, page: OpenPage, seen: str, event: gr.EventData, request: gr.Request
    ) -> Update:
        """Show what another tab, or the model that gives titles, has changed meanwhile."""
        sent: Mapping[str, Any] = event._data if isinstance(event._data, dict) else {}
        act = self._act(page, request, sent)
        if isinstance(zone := sent.get("timezone"), int) and abs(zone) <= 14 * 60:
            page.timezone_min = zone
        self._note_look(act)
        update: Update = {self._parts.page: gr.skip()}
        if (now := chats_html(act)) != seen:
            update[self._parts.list] = now
            update[self._parts.composer] = composer(act)  # the title may be another
        is_gone = page.chat is not None and state_of(act) is None
        if is_gone:  # deleted in another tab
            page.look_at(None)
            return {**update, **self._drawn(act, Outcome(draw=(LOG, COMPOSER), notice_html=None))}
        if state_of(act) != page.drawn and page.followed != page.epoch:
            page.epoch += 1
            update |= self._drawn(act, Outcome(draw=(LOG, COMPOSER), notice_html=None))
        return update

    async def on_drawer(self, page: OpenPage, request: gr.Request, *values: Any) -> Update:
        """Keep what the drawer says."""
        act = self._act(page, request, {})
        card = self._client.card("text")
        try:
            save_options(act, settings_of(with_drawer(card, act.options, values)))
        except AppError as err:
            return {self._parts.notice: error_line(err)}
        return {self._parts.composer: composer(act), self._parts.presets: presets(act)}

    async def on_reset(self, page: OpenPage, request: gr.Request) -> Update:
        """Put the knobs back to where the model has them."""
        act = self._act(page, request, {})
        plain = act.options.model_copy(update={"sampling": {}, "thinking_tokens": None})
        save_options(act, settings_of(plain))
        values = drawer_values(self._client.card("text"), plain)
        update = dict(zip(self._parts.options, values, strict=True))
        return {**update, self._parts.presets: presets(act)}

    async def on_fit(self, page: OpenPage, request: gr.Request) -> Update:
        """Show what goes by the model that answers."""
        act, card = self._act(page, request, {}), self._client.card("text")
        return {
            **self._drawn(act, Outcome(draw=ALL, notice_html=None)),
            self._parts.place: empty_html(card),
            self._parts.about: about_html(card),
        }

    def _act(self, page: OpenPage, request: gr.Request, sent: Mapping[str, Any]) -> Act:
        return Act(
            client=self._client,
            chats=self._chats,
            page=page,
            owner=owner_of(request),
            caller=caller_of(request),
            sent=sent,
        )

    def _note_look(self, act: Act) -> None:
        """A chat that is not kept lives as long as somebody looks at it."""
        is_passing = act.page.is_private or act.chats.why_not_kept(act.owner)
        if act.page.chat is not None and is_passing:
            act.chats.note_look(act.own, act.page.chat)
        else:
            act.chats.sweep(time.monotonic())

    def _refused(self, act: Act, error: Exception) -> Outcome:
        """Say what went wrong. A chat that has gone is left."""
        if isinstance(error, NotFoundError) and act.page.chat is not None and state_of(act) is None:
            act.page.look_at(None)
            return Outcome(draw=ALL, notice_html=error_html(error), for_composer=FAILED)
        return Outcome(notice_html=error_line(error), for_composer=FAILED)

    def _drawn(self, act: Act, outcome: Outcome) -> Update:
        update: Update = {self._parts.page: gr.skip()}  # an empty one would clear everything
        if outcome.notice_html is not None:
            update[self._parts.notice] = outcome.notice_html
        try:
            update |= drawn(self._parts, act, outcome.draw)
        except NotFoundError as err:  # deleted in another tab, between two looks
            act.page.look_at(None)
            update |= drawn(self._parts, act, ALL)
            update[self._parts.notice] = error_html(err)
        if outcome.sheet is not None:
            update[self._parts.personas] = outcome.sheet
        if COMPOSER in outcome.draw or outcome.for_composer is not None:
            update[self._parts.composer] = composer(act, outcome.for_composer)
        return update
