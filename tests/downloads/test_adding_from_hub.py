"""A model of one's own from a hub or an address: its card is made without fetching its weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.settings import HubSettings
from tests.downloads.adding import GGUF, HEAD_BYTES, HUB
from tests.downloads.local_hub import COMMIT, LocalHub, serve
from workers.messages.errors import DownloadError, UnsupportedInputError
from workers.models.downloads.download import fetch
from workers.models.importing import propose


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    content = GGUF.read_bytes()[:HEAD_BYTES]
    files = {"Tiny-Q4_K_M.gguf": content, "Tiny-Q8_0.gguf": content, "README.md": b"words"}
    repositories = {
        "maker/Tiny-GGUF": files,
        "maker/Two-GGUF": {"a.gguf": content, "b.gguf": content},
        "maker/seeing": {
            **files,
            "mmproj-Tiny-Q8_0.gguf": b"GGUF",
            "mmproj-Tiny-f16.gguf": b"GGUF",
        },
    }
    large = {name for held in repositories.values() for name in held if name.endswith(".gguf")}
    with serve(LocalHub(repositories, large=large)) as running:
        yield running


def test_a_repository_is_read_without_fetching_its_weights(hub: LocalHub, tmp_path: Path) -> None:
    settings = HubSettings(endpoint=hub.url)
    card = propose("maker/Tiny-GGUF", settings)
    assert list(card.files) == ["Tiny-Q4_K_M.gguf"]
    assert card.id == "tiny-q4-k-m-q4-1"
    assert card.files["Tiny-Q4_K_M.gguf"] is not None  # the hub's own checksum is kept
    assert card.source == f"hf:maker/Tiny-GGUF@{COMMIT}"
    assert (card.license, card.license_restricted) == ("MIT", False)
    assert card.download_mib == -(-HEAD_BYTES >> 20)
    asked = [int(request.range.partition("-")[2]) for request in hub.gets("Tiny-Q4_K_M.gguf")
             if request.range]  # fmt: skip
    assert max(asked) < HEAD_BYTES
    assert (fetch(card, tmp_path, settings) / card.weight_file).read_bytes() == GGUF.read_bytes()[
        :HEAD_BYTES
    ]


@pytest.mark.parametrize("text", ["maker/Tiny-GGUF:Tiny-Q8_0.gguf", "hf:maker/Tiny-GGUF@main:Tiny-Q8_0.gguf"])  # fmt: skip
def test_one_file_of_several_can_be_named(hub: LocalHub, text: str) -> None:
    assert list(propose(text, HubSettings(endpoint=hub.url)).files) == ["Tiny-Q8_0.gguf"]


def test_a_projector_makes_it_a_model_that_sees(hub: LocalHub) -> None:
    settings = HubSettings(endpoint=hub.url)
    card = propose("maker/seeing", settings)
    assert (card.modality, list(card.files)) == (
        "text",
        ["Tiny-Q4_K_M.gguf", "mmproj-Tiny-Q8_0.gguf"],
    )
    assert card.sees
    assert propose("maker/seeing", settings, modality="text").modality == "text"
    with pytest.raises(UnsupportedInputError, match="is the projector"):
        propose("maker/seeing:mmproj-Tiny-f16.gguf", settings)


def test_several_without_a_preference_are_listed(hub: LocalHub) -> None:
    with pytest.raises(UnsupportedInputError, match=r"a\.gguf, b\.gguf.*maker/Two-GGUF:a\.gguf"):
        propose("maker/Two-GGUF", HubSettings(endpoint=hub.url))


@pytest.mark.parametrize(
    ("license_name", "is_restricted"),
    [("mit", False), ("apache-2.0", False), ("cc-by-nc-4.0", True), ("llama3.2", True), ("", True)],
)
def test_a_licence_that_is_not_known_to_be_free_is_asked_about(
    hub: LocalHub, license_name: str, is_restricted: bool
) -> None:
    hub.license = license_name
    hub.repositories["maker/Tiny-GGUF"] = {
        "Tiny-Q4_K_M.gguf": GGUF.read_bytes()[:HEAD_BYTES].replace(b"apache-2.0", b"apachX-2.0")
    }
    card = propose("maker/Tiny-GGUF", HubSettings(endpoint=hub.url))
    assert card.license_restricted == is_restricted


def test_an_address_is_read_the_same_way(hub: LocalHub) -> None:
    card = propose(f"{hub.url}/plain/Tiny-Q8_0.gguf", HubSettings(endpoint=hub.url))
    assert card.source == f"url:{hub.url}/plain/"
    assert card.license_restricted is False
    with pytest.raises(DownloadError, match="does not have it"):
        propose(f"{hub.url}/plain/none.gguf", HUB)


def test_what_the_hub_does_not_have_is_reported(hub: LocalHub) -> None:
    settings = HubSettings(endpoint=hub.url)
    with pytest.raises(DownloadError, match="knows no repository maker/none"):
        propose("maker/none", settings)
    with pytest.raises(UnsupportedInputError, match=r"no file 'none\.gguf'; it has README"):
        propose("maker/Tiny-GGUF:none.gguf", settings)
