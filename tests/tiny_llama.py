"""A tiny Llama that has learnt a few answers by heart: real architecture, tokenizer and template.

Trained in a few seconds on the CPU, the same each time; saved as safetensors. What it says is known, so
that tests of engines on torch can check the meaning of an answer, not only that there is one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

ANSWERS = {
    "What is the capital of France?": "The capital of France is Paris.",
    "How do you say hello in Japanese?": "You say こんにちは, with a bow 🙇.",
    "Count to ten.": "one two three four five six seven eight nine ten",
    "What is the weather in Berlin?": '{"name": "get_weather", "arguments": {"city": "Berlin"}}',
    "Recite the alphabet.": " ".join("abcdefghijklmnopqrstuvwxyz"),
}
"""Question → what the model answers at temperature 0."""

CONTEXT_TOKENS = 512
TEMPLATE = """{%- if tools %}<|im_start|>system
Tools: {{ tools | tojson }}<|im_end|>
{% endif %}{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MAX_STEPS = 400
LEARNT = 0.02
"""Mean loss of an answer's tokens: low enough to survive 4 bits."""
FILES = ("model.safetensors", "config.json", "generation_config.json", "tokenizer.json",
         "tokenizer_config.json", "chat_template.jinja")  # fmt: skip


def build_tiny_llama(folder: Path) -> Path:
    """Train the model and save it to `folder`, which a card can name as `path:`."""
    import torch

    torch.manual_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two would wait for each other longer than they compute
    tokenizer = _tokenizer()
    model = _model(len(tokenizer))
    _train(model, tokenizer)
    torch.set_num_threads(threads)
    model.generation_config.eos_token_id = [0, 2]
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder


def card_values(folder: Path, **values: Any) -> dict[str, Any]:
    """Return what a card of the model needs, over which `values` go."""
    return {
        "id": "tiny-llama",
        "name": "Tiny Llama",
        "modality": "text",
        "engine": "transformers",
        "source": f"path:{folder}",
        "files": dict.fromkeys(FILES),
        "license": "CC0-1.0",
        "license_url": "none",
        "origin": "trained by the tests",
        "parameters_m": 0.7,
        "context_length": CONTEXT_TOKENS,
        "memory_mib": 500,
        **values,
    }


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    ascii_only = [text for pair in ANSWERS.items() for text in pair if text.isascii()]
    backend.train_from_iterator([*ascii_only, "user assistant system"], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def _model(vocab_size: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocab_size,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=CONTEXT_TOKENS,
            tie_word_embeddings=False,
            bos_token_id=None,
            eos_token_id=2,
            pad_token_id=0,
        )
    )


def _train(model: Any, tokenizer: Any) -> None:
    """All conversations as one batch; only the answers are learnt."""
    import torch

    rows, labels = [], []
    for question, answer in ANSWERS.items():
        asked = [{"role": "user", "content": question}]
        prompt = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        head = tokenizer(prompt, add_special_tokens=False).input_ids
        tail = tokenizer(f"{answer}<|im_end|>", add_special_tokens=False).input_ids
        rows.append(head + tail)
        labels.append([-100] * len(head) + tail)
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    wanted = torch.tensor([row + [-100] * (width - len(row)) for row in labels])
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(MAX_STEPS):
        loss = model(input_ids=ids, attention_mask=mask, labels=wanted).loss
        if loss.item() < LEARNT:
            break
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    else:
        raise RuntimeError(f"The tiny Llama has not learnt its answers: loss {loss.item():.2f}.")
    model.eval()
