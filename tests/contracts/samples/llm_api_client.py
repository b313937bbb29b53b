"""LLM API: text at once, text as it comes, a vector."""

import requests

URL = "http://localhost:8000"
PARAMS = {
    "n_predict": 12,
    "temp": 0,
    "top_k": 40,
    "top_p": 0.95,
    "stop": ["\n\n"],
    "repeat_penalty": 1,
}
BODY = {"prompt": "The capital of France is", "params": PARAMS}

whole = requests.post(f"{URL}/generate", json=BODY, timeout=60).json()
print(repr(whole))

text, event, lines = "", "message", []
with requests.post(f"{URL}/agenerate", json=BODY, stream=True, timeout=60) as response:
    for line in response.iter_lines(decode_unicode=True):
        if line.startswith("event: "):
            event = line[7:]
        elif line.startswith("data: "):
            lines.append(line[6:])
        elif not line:
            text += "\n".join(lines) if event != "ping" else ""
            event, lines = "message", []
print("the same:", text == whole)

vector = requests.post(f"{URL}/embeddings", json={"text": "a cat"}, timeout=60).json()
print(len(vector), type(vector[0]).__name__)
