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


class Templates(BaseModel):
    """Go text templates as LocalAI's model files use them; "" where there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    chat: str = ""
    """Around the joined messages (`.Input`)."""
    chat_message: str = ""
    """Around one message (`.Role`, `.RoleName`, `.Content`)."""
    completion: str = ""
    edit: str = ""
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
    """One of the few that are offered first for their modality."""
    environment: str = ""
    """Name of the virtual environment that its worker runs in; "": the one that Quintet runs in."""
    sampling: Mapping[str, Any] = {}
    """This model's own defaults for the fields of `SamplingParams`."""
    templates: Templates | None = None
    """Prompt formats in place of the chat template that the weights carry."""
    options: Annotated[Mapping[str, Any], AfterValidator(checked_options)] = {}
    """For its engine alone: `gpu_layers`, `use_mmap`, `remote_model`, `api_key_env`…"""

    @model_validator(mode="after")
    def _pin_both_sources(self) -> ModelCard:
        """Two places may only be taken for one if the files are known by their hashes."""
        if self.hub and not (self.source.startswith("package:") and all(self.files.values())):
            raise ValueError("hub is for a package: whose files all have a SHA-256")
        return self

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
