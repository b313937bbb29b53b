"""The packaged model with a chat template that opens a thought, as Qwen3's and DeepSeek's do."""

from __future__ import annotations

from pathlib import Path

from gguf import GGUFReader, GGUFValueType, GGUFWriter
from gguf.constants import Keys
from gguf.scripts.gguf_new_metadata import MetadataDetails, copy_with_new_metadata

from configs.catalogue import ModelCard, load_catalogue
from workers.models.weights import find_folder

TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.role == "assistant" and message.reasoning_content is string -%}
<think>
{{ message.reasoning_content }}
</think>

{% endif -%}
{{ message.content }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% if enable_thinking is defined and enable_thinking is false -%}
<think>

</think>

{% else -%}
<think>
{% endif -%}
{%- endif -%}
"""


def thinking_card(folder: Path) -> ModelCard:
    """Write the model's file into `folder` and return its card."""
    return card_with_template(folder, "thinker", TEMPLATE)


def card_with_template(folder: Path, name: str, text: str) -> ModelCard:
    """Write the packaged model with another chat template into `folder` and return its card."""
    packaged = load_catalogue()["smollm2-135m-instruct"]
    path = folder / f"{name}.gguf"
    reader = GGUFReader(find_folder(packaged, folder) / packaged.weight_file)
    writer = GGUFWriter(path, arch="llama", endianess=reader.endianess)
    template = MetadataDetails(GGUFValueType.STRING, text)
    copy_with_new_metadata(reader, writer, {Keys.Tokenizer.CHAT_TEMPLATE: template}, [])
    card = packaged.model_dump(mode="json") | {
        "id": name,
        "name": name.capitalize(),
        "source": f"path:{folder}",
        "hub": "",
        "files": {path.name: None},
    }
    return ModelCard.model_validate(card)
