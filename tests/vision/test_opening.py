"""llama.cpp's server, ended before anybody has asked it anything: it hears that, and goes."""

from __future__ import annotations

from pathlib import Path

from tests.vision.tiny_llava.talking import text_card
from workers.engines.common.llamacpp.server import import_xllamacpp, open_server

NUM_TIMES = 20
"""Without waiting for its loop, one of them hung on a machine with more to do than cores."""


def test_a_server_may_be_ended_as_soon_as_it_is_there(tmp_path: Path) -> None:
    xllamacpp = import_xllamacpp("text")
    path = str(tmp_path / text_card(tmp_path).weight_file)
    for _ in range(NUM_TIMES):
        params = xllamacpp.CommonParams()
        params.model.path = path
        params.n_ctx = 256
        params.verbosity = 0
        server = open_server(xllamacpp, params, "Tiny", "text")
        assert server.listening_address
        del server
