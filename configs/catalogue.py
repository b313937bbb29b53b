"""The model catalogue: one YAML card per model in `configs/models/`.

Knows what a model is, where it comes from and what it may be used for; never opens the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from .card_options import checked_options
from .errors import ConfigError, explain
from .yaml_files import read_yaml

CARDS_DIR = Path(__file__).parent / "models"

MAX_COUNT = 1 << 31
"""Of tokens, layers, MiB: what is larger is a mistake, and no float."""

MAX_WORDS_CHARS = 2_000
"""Of a licence's name, an address: what a list of models can hold."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
NumBytes = Annotated[int, Field(gt=0, lt=1 << 50)]
HubSource = Annotated[str, Field(pattern=r"^hf:[\w.-]+/[\w.-]+@.+")]


class Templates(BaseModel):
    """Go text templates as LocalAI's model files use them; "" where there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chat: str = ""
    """Around the joined messages (`.Input`)."""
    chat_message: str = ""
    """Around one message (`.Role`, `.RoleName`, `.Content`)."""
    completion: str = ""
    edit: str = ""
    insert: str = ""
    """Around what stands before (`.Prompt`) and behind (`.Suffix`) what the model is to write."""
    function: str = ""
    roles: Mapping[str, str] = {}
    """Role → prefix put before the content."""
    system_prompt: str = ""
    separator: str = "\n"
    """Between two messages."""


class Shape(BaseModel):
    """What a model's memory is estimated from while its weights are not downloaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    num_layers: int = Field(gt=0, lt=MAX_COUNT)
    hidden_size: int = Field(gt=0, lt=MAX_COUNT)
    num_heads: int = Field(gt=0, lt=MAX_COUNT)
    num_kv_heads: int = Field(gt=0, lt=MAX_COUNT)
    """As many as `num_heads`, or fewer with grouped queries."""
    head_dim: int = Field(gt=0, lt=MAX_COUNT)
    """Values per head; not always `hidden_size / num_heads`."""
    vocab_size: int = Field(default=0, ge=0, lt=MAX_COUNT)
    """0: not known."""
    num_kv_layers: int = Field(default=0, ge=0, lt=MAX_COUNT)
    """Layers whose KV cache keeps every token; 0: all of them."""
    sliding_kv_values: int = Field(default=0, ge=0, lt=MAX_COUNT)
    """Keys and values of one token in the layers that look back `sliding_window` tokens only."""
    sliding_window: int = Field(default=0, ge=0, lt=MAX_COUNT)
    state_mib: float = Field(default=0, ge=0, lt=MAX_COUNT)
    """What one conversation has in layers without a KV cache."""


class OpeningTurn(BaseModel):
    """One turn that conversations begin with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["system", "user", "assistant"]
    text: str


class Price(BaseModel):
    """What another server's model costs: its maker's price list, before discounts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_per_m: float = Field(ge=0)
    output_per_m: float = Field(ge=0)
    """Of a million tokens that are read, and that are written."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """ISO 4217 code."""


class ModelCard(BaseModel):
    """What the pool, the page and the licence notice need to know about one model."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: str = Field(min_length=1, max_length=300)
    """Stable name, used in requests and settings."""
    name: str = Field(max_length=300)
    """Name for people."""
    modality: Literal["text", "stt", "tts", "vision", "rag"]
    engine: str
    """Name of its record: see `workers.specs.spec`."""
    source: str = Field(pattern=r"^(package|path|hf|url|remote):.+")
    """Where the folder with `files` is: `package:NAME==VERSION/IMPORT/PATH`, `path:/FOLDER`,
    `hf:OWNER/REPOSITORY@REVISION` (with `:FOLDER` after it if they lie deeper), `url:https://…/` (the
    files lie under it); or, with no files,
    `remote:https://…/v1`, another server's OpenAI-compatible address."""
    hub: str = Field(default="", pattern=r"^(hf:.+)?$")
    """Where the same files are on the hub, as `source` would say it: of a `package:`, for each of whose
    files the SHA-256 is known. They are fetched from there first."""
    files: Mapping[str, Sha256 | None]
    """File name within the folder → SHA-256. The first is the weights proper. None: the user's own
    file, used as it is, or a download that is checked against what the hub says of it. The name of a
    download may be a pattern: of one file or its pieces (`*Q4_K_M.gguf`, `model*.safetensors`), or
    of small ones beside the weights (`*.json`)."""
    file_bytes: Mapping[str, NumBytes] = {}
    """File name → its exact size, where that is known: a download of another length is refused."""
    file_sources: Mapping[str, HubSource] = {}
    """File name → the repository that it comes from (`hf:OWNER/REPOSITORY@REVISION`), where that is not
    `source`'s: a projector or a tokenizer that was published apart."""
    public_only: bool = False
    """Its address was given through the page: it is fetched from hosts of the open internet only."""
    license: str = Field(max_length=MAX_WORDS_CHARS)
    """SPDX identifier, or the licence's own name."""
    license_url: str = Field(max_length=MAX_WORDS_CHARS)
    license_restricted: bool = False
    """The licence limits what the model may be used for: it is shown before a download, which needs
    a yes."""
    origin: str = Field(max_length=MAX_WORDS_CHARS)
    """Who made the model, and where it was published."""
    languages: tuple[str, ...] = ("en",)
    """ISO 639-1 codes."""
    quantization: str = Field(default="none", max_length=MAX_WORDS_CHARS)
    parameters_m: float = Field(ge=0)
    """Millions of parameters."""
    context_length: int = Field(default=0, ge=0, lt=MAX_COUNT)
    """Tokens; 0 where the word has no meaning."""
    memory_mib: int = Field(ge=0, lt=MAX_COUNT)
    """Resident memory of its worker on a CPU, measured with the default settings; an estimate where
    the weights had to be downloaded first."""
    download_mib: int = Field(default=0, ge=0, lt=MAX_COUNT)
    """Size of all files, about; 0: not known before the server is asked."""
    shape: Shape | None = None
    """Of the language model in it; None: not known, or the model has no KV cache."""
    description: str = Field(default="", max_length=10_000)
    """One sentence for people: what it is good for, what it is not."""
    recommended: bool = False
    """One of the few that are offered first: a set for some machine names it (`configs/machines/sets.yaml`)."""
    is_old: bool = False
    """Superseded: for programs that name it. Lists show it on request, or where it is downloaded."""
    checked: str = Field(default="", max_length=MAX_WORDS_CHARS)
    """When its source, files and licence were compared with what, as "2026-10-02, …"; "": never."""
    thinks: Literal["never", "off", "on"] | None = None
    """Whether it writes down thoughts before it answers where nobody asks or forbids it; "never": it
    cannot. None: not known."""
    environment: str = ""
    """Name of the virtual environment that its worker runs in; "": the one that Quintet runs in."""
    sampling: Mapping[str, Any] = {}
    """This model's own defaults for the fields of `SamplingParams`."""
    sampling_thinking: Mapping[str, Any] = {}
    """What differs from `sampling` while it thinks."""
    templates: Templates | None = None
    """Prompt formats in place of the chat template that the weights carry."""
    opening: tuple[OpeningTurn, ...] = ()
    """What every conversation begins with; the system's words only where it has none of its own."""
    price: Price | None = None
    """Of a remote model; None: not known. What an answer given here has saved is reckoned from it."""
    base: str = ""
    """Id of the card whose weights it has, under another name and with defaults of its own."""
    options: Annotated[Mapping[str, Any], AfterValidator(checked_options)] = {}
    """For its engine alone: `gpu_layers`, `use_mmap`, `remote_model`, `api_key_env`…"""

    @model_validator(mode="after")
    def _pin_both_sources(self) -> ModelCard:
        """Two places may only be taken for one if the files are known by their hashes."""
        if self.hub and not (self.source.startswith("package:") and all(self.files.values())):
            raise ValueError("hub is for a package: whose files all have a SHA-256")
        return self

    @model_validator(mode="after")
    def _check_named(self) -> ModelCard:
        """What is said of a file that is not listed is a slip."""
        for field in ("file_bytes", "file_sources"):
            if unlisted := sorted(set(getattr(self, field)) - set(self.files)):
                raise ValueError(f"{field} names {unlisted[0]!r}, which is not among its files")
        if self.file_sources and not self.source.startswith("hf:"):
            raise ValueError("file_sources is for an hf: source; all files of others lie together")
        return self

    def source_of(self, name: str) -> str:
        """Return where one of its files is, as `source` says it."""
        return self.file_sources.get(name, self.source)

    @property
    def is_remote(self) -> bool:
        """Whether another server runs it: it takes no room here worth a plan."""
        return self.source.startswith("remote:")

    @property
    def projectors(self) -> tuple[str, ...]:
        """The files that turn pictures into what the model reads, the one that its options name first."""
        wanted = self.options.get("projector")
        found = [name for name in self.files if name == wanted or "mmproj" in name.lower()]
        return tuple(sorted(found, key=lambda name: name != wanted))

    @property
    def projector(self) -> str:
        """The file that turns pictures into what the model reads; "": there is none."""
        return next(iter(self.projectors), "")

    @property
    def sees(self) -> bool:
        """Whether it is a text model that answers about pictures too, in the same process."""
        return self.modality == "text" and bool(self.projector)

    def serves(self, modality: str) -> bool:
        """Whether requests of a modality can be answered by it: its own, and pictures if it sees."""
        return modality == self.modality or (modality == "vision" and self.sees)

    @property
    def weight_file(self) -> str:
        """Name of the weights proper, within the folder."""
        return next(iter(self.files), "")


def load_card(path: Path) -> ModelCard:
    """Read and check one card. Raises: ConfigError naming the file and every wrong key."""
    content = read_yaml(path)
    try:
        return ModelCard.model_validate(content)
    except ValidationError as err:
        raise ConfigError(f"{path}: {explain(err, ModelCard)}") from err


def load_catalogue(folder: Path = CARDS_DIR) -> dict[str, ModelCard]:
    """Read every card of a folder, by id. Raises: ConfigError on a wrong card or a repeated id."""
    cards: dict[str, ModelCard] = {}
    for path in sorted(folder.glob("*.yaml")):
        card = load_card(path)
        if card.id in cards:
            raise ConfigError(f"{path}: the id {card.id!r} is already taken by another card")
        cards[card.id] = card
    return cards
