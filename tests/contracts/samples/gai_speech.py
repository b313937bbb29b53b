"""Gai/Gen: speak, then write down what was spoken."""

from pathlib import Path

from quintet import Gaigen

gen = Gaigen.GetInstance().load("xtts-2")
data = gen.create(input="The train leaves in the evening.", voice="Vjollca Johnnie", language="en")
Path("train.wav").write_bytes(data)
pieces = list(gen.create(input="Hello. Good evening.", stream=True))
print("pieces:", len(pieces) > 1, pieces[0][:4])

gen.load("whisper-transformers")
with open("train.wav", "rb") as file:
    output = gen.create(file=file)
print(output["text"])
print(output["chunks"][0]["timestamp"])
