"""One client's connection: how many there may be, and how long each may take to say what it wants.

uvicorn bounds the length of a header, and nothing else: a client that sends a byte a minute, or never
reads its answer, keeps its place for ever. This bounds the time of a header, the pace of a body, the
wait for a reader, and the number of connections, altogether and of one address. What is served is not
bounded: an answer may stream, and an upload may grow, for hours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Literal

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from api.core.errors import RETRY_AFTER_S
from configs.server_settings import ConnectionSettings

MIN_BYTES_PER_S = 500
"""A body that is slower, over `body_timeout_s`, has stopped. The pace that Apache asks for."""
LINGER_S = 1.0
"""A refused client may go on sending for so long; closed at once, it would not get to read why."""
MAX_UNREAD_BYTES = 1 << 20
"""And so much."""
MAX_LINGERING = 64
"""More that were refused are cut off without a word."""

Phase = Literal["header", "body", "none"]
"""What the client has to send next."""


class StrictConnection(h11.Connection):
    """HTTP/1.1 of h11, without two lengths of one body: a proxy might have believed the other one."""

    def next_event(self) -> Any:
        """Return what the client sent next. Raises: h11.RemoteProtocolError."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            names = {name for name, _ in event.headers}
            if {b"content-length", b"transfer-encoding"} <= names:
                raise h11.RemoteProtocolError("a Content-Length beside Transfer-Encoding")
        return event


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 of uvicorn, with bounds."""

    def __init__(self, *args: Any, limits: ConnectionSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self.conn = StrictConnection(h11.SERVER, limits.max_header_bytes)
        self._phase: Phase = "none"
        self._timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._num_received = 0
        """Bytes since the timer was set, or since it was refused."""
        self._was_paused = False
        """Whether it was us who did not read on since then."""
        self._is_leaving = False
        self._idle_since = self.loop.time()

    @property
    def is_leaving(self) -> bool:
        """Whether it was refused or dismissed, and only has to be closed."""
        return self._is_leaving

    @property
    def idle_since(self) -> float | None:
        """The loop's time at which it was last answered or opened; None while it is served."""
        is_idle = self._answering is None and self.conn.their_state is h11.IDLE
        return self._idle_since if is_idle and not self._is_leaving else None

    @property
    def _answering(self) -> RequestResponseCycle | None:
        """The request that is being answered."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's None is not typed
        return cycle if cycle is not None and not cycle.response_complete else None

    # --- what the transport says -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse it."""
        super().connection_made(transport)
        refusal = make_room(self, self.connections, self._limits)
        if refusal:
            self._refuse(503, refusal)
        else:
            self._watch("header")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._is_leaving = True
        self._watch("none")
        self._stop_unread_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, a header by no more than it may have: h11 looks at its length only while it grows."""
        while data and not self._is_leaving:
            is_header = self.conn.their_state is h11.IDLE
            size = self._limits.max_header_bytes + 1 if is_header else len(data)
            super().data_received(data[:size])
            self._note(min(size, len(data)))
            data = data[size:]
        self._num_received += len(data)
        if self._is_leaving and self._num_received > MAX_UNREAD_BYTES:
            self.transport.abort()

    def pause_writing(self) -> None:
        """The client does not read: it may take `send_timeout_s` to begin again."""
        super().pause_writing()
        self._stop_unread_timer()
        self._unread_timer = self.loop.call_later(self._limits.send_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads."""
        self._stop_unread_timer()
        super().resume_writing()

    # --- what the server says --------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """From now on it is idle."""
        self._idle_since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read."""
        max_bytes = self._limits.max_header_bytes
        if len(self.conn.trailing_data[0]) > max_bytes:
            self._refuse(431, f"A header may have {max_bytes >> 10} KiB; this one has more.")
        else:
            self._refuse(400, msg)

    def shutdown(self) -> None:
        """The server ends, and who was served has been told."""
        self.dismiss()

    def dismiss(self) -> None:
        """Close the connection once what was written is sent."""
        self._is_leaving = True
        self._watch("none")
        self.transport.close()

    # --- what we watch ---------------------------------------------------------------------------

    def _note(self, num_bytes: int) -> None:
        state = self.conn.their_state
        phase: Phase = (
            "header" if state is h11.IDLE else "body" if state is h11.SEND_BODY else "none"
        )
        if self._is_leaving:
            return
        if phase != self._phase:
            self._watch(phase)
        self._num_received += num_bytes
        self._was_paused |= self.flow.read_paused

    def _watch(self, phase: Phase) -> None:
        """Give the client the time that the phase may take."""
        self._phase = phase
        self._num_received, self._was_paused = 0, False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if phase != "none":
            limits = self._limits
            wait_s = limits.header_timeout_s if phase == "header" else limits.body_timeout_s
            self._timer = self.loop.call_later(wait_s, self._on_time)

    def _on_time(self) -> None:
        if self._phase == "body":
            self._check_pace()
        elif self.conn.trailing_data[0]:
            wait_s = self._limits.header_timeout_s
            self._refuse(408, f"A header may take {wait_s:g} s; this one took longer.")
        else:
            self.dismiss()  # it has not asked for anything

    def _check_pace(self) -> None:
        """Refuse a body that has stopped; not one that we let wait."""
        wait_s = self._limits.body_timeout_s
        answering = self._answering
        has_no_leave = answering is not None and answering.waiting_for_100_continue
        is_ours = self._was_paused or self.flow.read_paused or has_no_leave
        if is_ours or self._num_received >= wait_s * MIN_BYTES_PER_S:
            was_paused = self.flow.read_paused
            self._watch("body")
            self._was_paused = was_paused
            return
        self._refuse(
            408,
            f"The body has stopped: {self._num_received} bytes in {wait_s:g} s; "
            f"at least {MIN_BYTES_PER_S} in a second are needed.",
        )

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _refuse(self, status: int, sentence: str) -> None:
        """Say why in one sentence and close; what is being answered is given up."""
        self._is_leaving = True
        self._watch("none")
        answering = self._answering
        if answering is not None:
            answering.disconnected = True
            answering.message_event.set()
        has_begun = answering is not None and answering.response_started
        num_lingering = sum(_is_leaving(other) for other in self.connections)
        if has_begun or self.transport.is_closing() or num_lingering > MAX_LINGERING:
            self.transport.abort()
            return
        self._unset_keepalive_if_required()
        self.flow.resume_reading()  # and throw away: unread, it would reset the connection
        self.transport.write(_answer(status, sentence))
        self.transport.write_eof()
        self.loop.call_later(LINGER_S, self.transport.abort)


def make_room(new: GuardedProtocol, connections: Iterable[Any], limits: ConnectionSettings) -> str:
    """Return why a new connection cannot stay; "": it can, perhaps because an idle one had to leave.

    `connections` are uvicorn's, the upgraded ones among them, which know their client but not us.
    This machine's own address has no limit of its own: all who come through a proxy or a tunnel
    come from there.
    """
    others = [other for other in connections if other is not new and not _is_leaving(other)]
    address = new.client[0] if new.client else ""
    same = [other for other in others if other.client and other.client[0] == address]
    is_crowd = not _is_this_machine(address) and len(same) >= limits.max_per_address
    if is_crowd and not _dismiss_idle(same):
        return (
            f"Your address {address} has {len(same)} connections at work here, as many as one may "
            "have; ask again when one has ended."
        )
    if not is_crowd and len(others) >= limits.max_open and not _dismiss_idle(others):
        return (
            f"This Quintet has {len(others)} connections at work, as many as it may have; "
            "ask again in a moment."
        )
    return ""


def _dismiss_idle(connections: Iterable[Any]) -> bool:
    """Close the connection that has been idle for longest; returns whether there was one."""
    idle = [
        (other.idle_since, other)
        for other in connections
        if isinstance(other, GuardedProtocol) and other.idle_since is not None
    ]
    if not idle:
        return False
    min(idle, key=lambda pair: pair[0])[1].dismiss()
    return True


def _is_this_machine(address: str) -> bool:
    if not address:  # a socket without addresses
        return True
    found = ip_address(address.partition("%")[0])
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def _is_leaving(connection: object) -> bool:
    return isinstance(connection, GuardedProtocol) and connection.is_leaving


def _answer(status: int, sentence: str) -> bytes:
    body = f"{sentence}\n".encode()
    head = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if status == 503:
        head.append(f"Retry-After: {RETRY_AFTER_S}")
    return "\r\n".join([*head, "", ""]).encode() + body
