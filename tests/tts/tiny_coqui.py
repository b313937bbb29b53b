"""Models of Coqui's with random weights and their real architectures, small enough to be made here.

    python tiny_coqui.py FOLDER

in the environment coqui writes FOLDER/vits (0.6 million parameters), FOLDER/xtts (23 million: its
vocoder and its listener to speakers have a fixed size) and FOLDER/harmful, a VITS model whose weights
would make the folder FOLDER/harmed when they are unpickled.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MAX_AUDIO_TOKENS = 12
"""How long XTTS may speak, since random weights find no end: half a second."""
SPECIAL = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[en]", "[de]"]


def main(folder: Path) -> None:
    from workers.engines.tts.coqui import _import_coqui

    torch = _import_coqui()
    torch.manual_seed(0)
    for name, build in (("vits", build_vits), ("xtts", build_xtts)):
        (folder / name).mkdir(parents=True)
        model = build(folder / name)
        model.config.save_json(str(folder / name / "config.json"))
        torch.save({"model": model.state_dict()}, folder / name / "model.pth")
    (folder / "harmful").mkdir()
    (folder / "harmful/config.json").write_bytes((folder / "vits/config.json").read_bytes())
    torch.save({"model": Harm(folder / "harmed")}, folder / "harmful/model.pth")


class Harm:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def build_vits(folder: Path) -> Any:
    from TTS.tts.configs.shared_configs import CharactersConfig
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import Vits, VitsArgs

    args = VitsArgs(
        hidden_channels=32,
        hidden_channels_ffn_text_encoder=64,
        num_heads_text_encoder=2,
        num_layers_text_encoder=2,
        num_layers_posterior_encoder=2,
        num_layers_flow=2,
        upsample_initial_channel_decoder=64,
        use_sdp=False,
        init_discriminator=False,
    )
    characters = CharactersConfig(
        characters_class="TTS.tts.models.vits.VitsCharacters",
        pad="_",
        eos="",
        bos="",
        blank="|",
        characters=LETTERS,
        punctuations="!,.?-' ",
        phonemes="",
    )
    return Vits(VitsConfig(model_args=args, text_cleaner="basic_cleaners", characters=characters))


def build_xtts(folder: Path) -> Any:
    from tokenizers import Tokenizer, models
    from TTS.tts.configs.xtts_config import XttsConfig
    from TTS.tts.models.xtts import Xtts

    vocabulary = {sign: number for number, sign in enumerate([*SPECIAL, *LETTERS, *".,!?' "])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="[UNK]"))
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.save(str(folder / "vocab.json"))
    config = XttsConfig(languages=["en", "de"])
    args = config.model_args
    args.gpt_layers, args.gpt_n_model_channels, args.gpt_n_heads = 1, 64, 2
    args.decoder_input_dim = args.gpt_n_model_channels
    args.gpt_max_audio_tokens = MAX_AUDIO_TOKENS
    args.gpt_num_audio_tokens, args.gpt_start_audio_token, args.gpt_stop_audio_token = (
        1026,
        1024,
        1025,
    )
    args.gpt_number_text_tokens = len(vocabulary)
    args.gpt_start_text_token, args.gpt_stop_text_token = (
        vocabulary["[START]"],
        vocabulary["[STOP]"],
    )
    args.gpt_use_perceiver_resampler = True
    return Xtts(config)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main(Path(sys.argv[1]))
