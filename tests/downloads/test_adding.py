"""A model of one's own: its card comes from its files, wherever they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from configs.catalogue import ModelCard, load_card, load_catalogue
from configs.settings import HubSettings, load_settings
from tests.downloads.local_hub import COMMIT, LocalHub, serve
from workers.assembly import build_models
from workers.messages.errors import AppError, DownloadError, UnsupportedInputError
from workers.models.downloads.download import fetch
from workers.models.importing import forget, is_added, propose, read_added, save
from workers.models.weights import find_folder

CARDS = load_catalogue()
HUB = HubSettings()
NONE = Path("/none")


def packaged(model_id: str) -> Path:
    return find_folder(CARDS[model_id], NONE)


GGUF = packaged("smollm2-135m-instruct") / CARDS["smollm2-135m-instruct"].weight_file
HEAD_BYTES = 6_000_000
"""More than its header."""
SHAPE = {
    "num_layers": 30, "hidden_size": 576, "num_heads": 9, "num_kv_heads": 3, "head_dim": 64,
    "vocab_size": 49152,
}  # fmt: skip


def test_a_gguf_file_tells_everything_itself() -> None:
    card = propose(str(GGUF), HUB)
    assert (card.modality, card.engine, card.quantization) == ("text", "llamacpp", "q4_1")
    assert (card.parameters_m, card.context_length) == (135, 8192)
    assert card.shape is not None
    assert card.shape.model_dump(exclude_defaults=True) == SHAPE
    assert (card.license, card.license_restricted) == ("Apache-2.0", False)
    assert card.source == f"path:{GGUF.parent}"


@pytest.mark.parametrize(
    ("model_id", "modality", "engine"),
    [
        ("whisper-tiny-en", "stt", "fasterwhisper"),
        ("piper-en-us-joe-medium", "tts", "piper"),
        ("all-minilm-l6-v2", "rag", "onnxruntime"),
    ],
)
def test_a_folder_of_each_kind_is_recognised(model_id: str, modality: str, engine: str) -> None:
    card = propose(str(packaged(model_id)), HUB)
    assert (card.modality, card.engine) == (modality, engine)
    assert set(card.files) >= set(list(CARDS[model_id].files)[:2])


def a_folder(folder: Path, config: dict[str, Any], *more: str, size: int = 4_000_000) -> str:
    (folder / "config.json").write_text(json.dumps(config))
    for name in more:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}" if name.endswith(".json") else bytes(size))
        if name.endswith(".safetensors"):
            write_safetensors(path, size)
    return str(folder)


def write_safetensors(path: Path, size: int) -> None:
    """Make a file of that size with one tensor; its values are a hole."""
    length = 120
    extent = {"dtype": "U8", "shape": [size - 8 - length], "data_offsets": [0, size - 8 - length]}
    header = json.dumps({"one": extent}).ljust(length).encode()
    with path.open("wb") as file:
        file.write(length.to_bytes(8, "little") + header)
        file.truncate(size)


LLAMA = {
    "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_attention_heads": 4,
    "num_hidden_layers": 2, "num_key_value_heads": 2, "max_position_embeddings": 2048,
    "torch_dtype": "bfloat16",
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "more", "expected"),
    [
        (LLAMA, ("tokenizer.json",), ("text", "transformers", "")),
        (
            {**LLAMA, "quantization_config": {"quant_method": "gptq"}},
            ("tokenizer.json",),
            ("text", "gptqmodel", "gptq"),
        ),
        (
            {"architectures": ["LlavaForConditionalGeneration"], "vision_config": {},
             "text_config": LLAMA},
            ("tokenizer.json",),
            ("vision", "transformers", ""),
        ),
        (
            {"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper"},
            ("tokenizer.json",),
            ("stt", "transformers", ""),
        ),
        (
            {"architectures": ["MPNetModel"], "model_type": "mpnet"},
            ("modules.json", "1_Pooling/config.json"),
            ("rag", "sentencetransformers", ""),
        ),
        (
            {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}},
            ("tokenizer.json",),
            ("rag", "crossencoder", ""),
        ),
    ],
)  # fmt: skip
def test_a_configuration_names_its_engine(
    tmp_path: Path, config: dict[str, Any], more: tuple[str, ...], expected: tuple[str, str, str]
) -> None:
    card = propose(a_folder(tmp_path, config, "model.safetensors", *more), HUB)
    assert (card.modality, card.engine, card.environment) == expected
    assert card.weight_file == "model.safetensors"
    assert set(more) | {"config.json"} <= set(card.files)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [("tdt", ("encoder-model", "decoder_joint-model")), ("ctc", ("model",))],
)
def test_a_recogniser_for_onnx_asr_is_known_by_its_kind(
    tmp_path: Path, kind: str, parts: tuple[str, ...]
) -> None:
    whole = [f"{part}.onnx" for part in parts]
    folder = a_folder(tmp_path, {"model_type": f"nemo-conformer-{kind}"}, "vocab.txt", *whole)
    card = propose(folder, HUB)
    assert (card.modality, card.engine, card.quantization) == ("stt", "onnxasr", "f32")
    small = [f"{part}.int8.onnx" for part in parts]
    a_folder(tmp_path, {"model_type": f"nemo-conformer-{kind}"}, *small, size=1_000_000)
    card = propose(folder, HUB)
    assert list(card.files) == [*small, "vocab.txt", "config.json"]
    assert (card.quantization, card.parameters_m) == ("int8", len(parts))


def test_a_large_model_is_made_four_bit_and_one_in_pieces_is_one(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, LLAMA, "tokenizer.json")
    for number in (1, 2):
        write_safetensors(tmp_path / f"model-0000{number}-of-00002.safetensors", 2_000_000_000)
    card = propose(folder, HUB)
    assert card.parameters_m == 2000
    assert (card.quantization, dict(card.options)) == ("nf4", {"load_in": "nf4"})
    assert [name for name in card.files if name.endswith(".safetensors")] == [
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
    ]  # fmt: skip
    assert card.memory_mib < 3000


@pytest.mark.parametrize(
    ("config", "more", "sentence"),
    [
        (LLAMA, ("pytorch_model.bin",), r"pytorch_model\.bin, a format that can run code.*GGUF or"),
        (
            {**LLAMA, "auto_map": {}},
            ("model.safetensors",),
            r"brings Python code of its own, .*nev",
        ),
        (
            {"architectures": ["MambaVisionThing"]},
            ("model.safetensors",),
            r"architecture MambaVisionThing, which is not known.*Look for a GGUF",
        ),
        (
            {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a", "1": "b"}},
            ("model.safetensors",),
            "into 2 classes.*look for a cross-encoder",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_look_for(
    tmp_path: Path, config: dict[str, Any], more: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(UnsupportedInputError, match=f"(?s){sentence}"):
        propose(a_folder(tmp_path, config, *more), HUB)


UNKNOWN_ARCHITECTURE = GGUF.read_bytes()[:HEAD_BYTES].replace(
    len("llama").to_bytes(8, "little") + b"llama", len("llama").to_bytes(8, "little") + b"lxxma", 1
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"not a model", r"x\.gguf is not a GGUF file"),
        (UNKNOWN_ARCHITECTURE, "architecture 'lxxma', which llama"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 40, "claims 18,446,744,073,709,551,615 keys"),
        (GGUF.read_bytes()[:500], r"ends too early\. "),
    ],
    ids=["another", "unknown", "absurd", "cut"],
)
def test_a_damaged_or_unknown_gguf_is_refused(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    with pytest.raises(UnsupportedInputError, match=sentence):
        propose(str(path), HUB)


@pytest.mark.parametrize("text", ["", "   ", "nonsense", "ftp://x/y.gguf", "https://x.org/"])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedInputError):
        propose(text, HUB)


@pytest.mark.parametrize("text", [str(GGUF), "../x.gguf", "~/x.gguf", "/etc/passwd", "tests"])
def test_a_page_elsewhere_names_no_files_of_this_machine(text: str) -> None:
    with pytest.raises(UnsupportedInputError, match=r"is a path|not the name of a repository"):
        propose(text, HUB, reach="web")


# --- a hub ----------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    "text", ["~\x8f4*", "~nobody-has-this-name/x.gguf", "/" + "a" * 5000, "a" * 5000, "./a\0b"]
)
def test_what_cannot_be_a_path_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(UnsupportedInputError) as raised:
        propose(text, HUB)
    assert len(str(raised.value)) < 1000


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


# --- kept -----------------------------------------------------------------------------------------


def test_a_card_is_kept_read_live_and_forgotten(tmp_path: Path) -> None:
    settings = load_settings("cpu", {"data_dir": str(tmp_path)})
    models = build_models(settings, CARDS)
    card = propose(str(GGUF), HUB, model_id="mine")
    path = save(card, tmp_path, {known.id: known.source for known in models.known()})
    assert path == tmp_path / "models.d" / "mine.yaml"
    assert load_card(path) == card
    assert models.available("mine", "text") == card  # without a restart
    assert build_models(settings, CARDS).get("mine") == card
    assert is_added(card, tmp_path)
    assert forget(card, tmp_path)
    models.renew()
    assert not models.knows("mine")


@pytest.mark.parametrize("model_id", ["../x", "a b", "", "x" * 101, ".hidden"])
def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path, model_id: str) -> None:
    card = CARDS["phi-2"].model_copy(update={"id": model_id})
    with pytest.raises(UnsupportedInputError, match="cannot be a model's id"):
        save(card, tmp_path)
    assert not is_added(card, tmp_path)


def test_another_models_name_is_not_taken(tmp_path: Path) -> None:
    card: ModelCard = propose(str(GGUF), HUB, model_id="phi-2")
    with pytest.raises(AppError, match="There is a model 'phi-2' already, from hf:TheBloke"):
        save(card, tmp_path, {"phi-2": CARDS["phi-2"].source})


def test_one_wrong_card_does_not_stop_the_others(tmp_path: Path) -> None:
    save(propose(str(GGUF), HUB, model_id="mine"), tmp_path)
    (tmp_path / "models.d" / "broken.yaml").write_text("id: [")
    assert list(read_added(tmp_path)) == ["mine"]


# --- the command ----------------------------------------------------------------------------------


def test_the_command_adds_shows_and_forgets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data-dir", str(tmp_path)]
    assert main(["models", "add", str(GGUF), "--id", "mine", "--dry-run", *where]) == 0
    raised = capsys.readouterr().out
    assert "llamacpp, q4_1" in raised
    assert "fits now" in raised
    assert not (tmp_path / "models.d").exists()
    assert main(["models", "add", str(GGUF), "--id", "mine", "--yes", *where]) == 0
    assert main(["models", "show", "mine", "--json", *where]) == 0
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (shown["weights"], shown["quantization"]) == ("here", "q4_1")
    assert main(["models", "rm", "mine", "--yes", "--json", *where]) == 0
    removed = json.loads(capsys.readouterr().out)
    assert removed["forgotten"] is True
    assert GGUF.is_file()  # the user's own file stays
    assert main(["models", "show", "mine", *where]) != 0
