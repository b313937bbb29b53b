"""A channel tells each side when the other has gone, and loses nothing before that."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading

import pytest

from workers.messages.transport import Receiver, Sender, pipe

CONTEXT = multiprocessing.get_context("spawn")


def write_half_a_message(connection: object) -> None:
    """Send one whole message, then die in the middle of the next."""
    sender = Sender(connection, "child")  # type: ignore[arg-type]
    sender.put("whole")
    sender.close()
    os._exit(0)


def die_while_writing(connection: object) -> None:
    connection.send_bytes(pickle.dumps("whole"))  # type: ignore[attr-defined]
    os.write(connection.fileno(), b"\x00\x00\x10\x00half")  # type: ignore[attr-defined]
    os._exit(9)


def test_messages_arrive_in_order_from_many_threads() -> None:
    out, into = pipe(CONTEXT)
    sender, receiver = Sender(into, "test"), Receiver(out)

    def send_fifty(who: int) -> None:
        for number in range(50):
            sender.put((who, number))

    threads = [threading.Thread(target=send_fifty, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    seen = [receiver.get() for _ in range(200)]
    for who in range(4):
        assert [n for name, n in seen if name == who] == list(range(50))
    sender.close()
    with pytest.raises(EOFError):
        receiver.get()
    receiver.close()


def test_put_never_blocks_while_nobody_reads() -> None:
    out, into = pipe(CONTEXT)
    sender = Sender(into, "test")
    for _ in range(100):
        sender.put(b"x" * 100_000)  # far more than a pipe holds
    receiver = Receiver(out)
    assert all(len(receiver.get()) == 100_000 for _ in range(100))
    sender.close()
    receiver.close()


def test_what_cannot_cross_is_refused_where_it_is_put() -> None:
    out, into = pipe(CONTEXT)
    sender = Sender(into, "test")
    with pytest.raises((pickle.PicklingError, AttributeError)):
        sender.put(lambda: None)
    sender.close()
    out.close()


@pytest.mark.parametrize("target", [write_half_a_message, die_while_writing])
def test_a_writer_that_dies_reads_as_end_of_file(target: object) -> None:
    out, into = pipe(CONTEXT)
    process = CONTEXT.Process(target=target, args=(into,))  # type: ignore[arg-type]
    process.start()
    into.close()
    receiver = Receiver(out)
    assert receiver.get() == "whole"
    with pytest.raises(EOFError):
        receiver.get()
    process.join()
    receiver.close()


def test_a_reader_that_dies_stops_the_writer_quietly() -> None:
    out, into = pipe(CONTEXT)
    out.close()
    sender = Sender(into, "test")
    sender.put("nobody hears this")
    sender.close()
