"""Addresses and folders of models, named by who must not reach the machine's network or whole disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from configs.catalogue import ModelCard
from configs.settings import HubSettings
from tests.downloads.conftest import make_card
from tests.running import App
from workers.messages.errors import DownloadError, UnsupportedInputError
from workers.models.downloads import connecting
from workers.models.downloads.download import fetch
from workers.models.downloads.public_hosts import IpAddress
from workers.models.importing import Reach, propose
from workers.models.walk import MAX_DEPTH, MAX_ENTRIES, walk

from .page_calls import Page, Press
from .test_admin import browser

HUB = HubSettings()
NUM_HOSTILE_FILES = 2 * MAX_ENTRIES


class Inside(BaseHTTPRequestHandler):
    """A server of the machine's own network, with a model and redirects."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if "to=" in self.path:
            self.send_response(302)
            self.send_header("Location", self.path.partition("to=")[2])
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"private")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Inside.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Inside) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def only_this(address: IpAddress) -> bool:
    return str(address) == "127.0.0.1"


NAMES = (
    "127.0.0.1:{port}", "localhost:{port}", "2130706433:{port}", "0:{port}",
    "[::ffff:127.0.0.1]:{port}", "[::1]:{port}", "user@127.0.0.1:{port}", "10.0.0.1",
    "169.254.169.254", "[fc00::1]",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reach", ["page", "web"])
def test_a_page_asks_no_server_of_the_machines_own_network(
    port: int, name: str, reach: Reach
) -> None:
    with pytest.raises(DownloadError, match="not a public host"):
        propose(f"http://{name.format(port=port)}/m.gguf", HUB, reach=reach)
    assert Inside.asked == []


def test_the_running_page_asks_none_either(app: App, port: int) -> None:
    with browser(app) as person:
        page = Page(person)
        for text in (f"http://127.0.0.1:{port}/m.gguf", f"http://localhost:{port}/m.onnx"):
            press = Press(what="models-look", event="click", data=[text, ""])
            assert "not a public host" in page.send(press)
        file = Press(what="models-look", event="click", data=["file:///etc/passwd", ""])
        assert "is not the address of a file" in page.send(file)
    assert Inside.asked == []


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "unix", "data"])
@pytest.mark.parametrize("reach", ["shell", "page", "web"])
def test_only_web_addresses_are_addresses(scheme: str, reach: Reach) -> None:
    with pytest.raises(UnsupportedInputError, match="is not the address of a file"):
        propose(f"{scheme}:///etc/passwd", HUB, reach=reach)


def test_a_redirect_into_another_network_is_not_followed(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "is_public", only_this)
    inside = f"http://127.0.0.2:{port}/m.gguf"
    with pytest.raises(DownloadError, match=r"127\.0\.0\.2 is not a public host"):
        propose(f"http://127.0.0.1:{port}/to={inside}", HUB, reach="page")
    assert Inside.asked == [f"/to={inside}"]


def card_of(port: int, path: str = "", *, public_only: bool) -> ModelCard:
    return make_card(
        source=f"url:http://127.0.0.1:{port}/{path}",
        files={"m.gguf": None},
        public_only=public_only,
    )


def test_what_was_public_when_it_was_added_is_checked_when_it_is_fetched(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DownloadError, match="not a public host"):
        fetch(card_of(port, public_only=True), tmp_path, HUB)
    assert Inside.asked == []
    monkeypatch.setattr(connecting, "is_public", only_this)
    away = card_of(port, f"to=http://127.0.0.2:{port}", public_only=True)
    with pytest.raises(DownloadError, match=r"127\.0\.0\.2 is not a public host"):
        fetch(away, tmp_path, HUB)
    folder = fetch(card_of(port, public_only=True), tmp_path, HUB)
    assert (folder / "m.gguf").read_bytes() == b"private"


def test_the_shell_of_the_machine_may_name_its_own_network(port: int, tmp_path: Path) -> None:
    folder = fetch(card_of(port, public_only=False), tmp_path, HUB)
    assert (folder / "m.gguf").read_bytes() == b"private"


# --- folders --------------------------------------------------------------------------------------


def test_a_folder_of_endless_files_is_not_read_to_its_end(tmp_path: Path) -> None:
    for number in range(NUM_HOSTILE_FILES):
        os.close(os.open(tmp_path / f"{number}.txt", os.O_CREAT))
    assert len(walk(tmp_path).files) <= MAX_ENTRIES
    with pytest.raises(UnsupportedInputError, match=r"left out: all after the first"):
        propose(str(tmp_path), HUB, reach="page")
    chosen = tmp_path / "~chosen.gguf"
    chosen.write_bytes(b"GGUF")
    with pytest.raises(UnsupportedInputError, match="ends too early"):  # it was found and read
        propose(str(chosen), HUB, reach="page")


def test_a_loop_of_links_and_a_deep_well_end(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "to itself").symlink_to(tmp_path / "to itself")
    deep = tmp_path.joinpath(*["d"] * (MAX_DEPTH + 3))
    deep.mkdir(parents=True)
    (deep / "deep.gguf").touch()
    (tmp_path / "near.txt").touch()
    found = walk(tmp_path)
    assert list(found.files) == ["near.txt"]
    assert found.cut.endswith(
        f"left out: folders more than {MAX_DEPTH} deep; 2 links were not followed."
    )


def test_links_that_lead_out_are_followed_for_the_shell_only(tmp_path: Path) -> None:
    outside, folder = tmp_path / "blob", tmp_path / "snapshot"
    outside.write_bytes(b"weights")
    folder.mkdir()
    (folder / "inside.bin").write_bytes(b"x")
    (folder / "model.gguf").symlink_to(outside)
    (folder / "again.bin").symlink_to(folder / "inside.bin")
    assert set(walk(folder).files) == {"inside.bin", "again.bin", "model.gguf"}
    bounded = walk(folder, links_out=False)
    assert set(bounded.files) == {"inside.bin", "again.bin"}
    assert bounded.cut.endswith("left out: 1 link was not followed.")
    with pytest.raises(UnsupportedInputError, match="a link that leads out of its folder"):
        propose(str(folder / "model.gguf"), HUB, reach="page")


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.gguf")
    assert walk(tmp_path).files == {}
    with pytest.raises(UnsupportedInputError, match="neither a file nor a folder"):
        propose(str(tmp_path / "model.gguf"), HUB)
