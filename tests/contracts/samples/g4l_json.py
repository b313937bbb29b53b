"""g4l: an answer as JSON, from a model in ./models."""

import json

from quintet import LocalEngine

engine = LocalEngine(
    gpu_layers=-1, use_mmap=True, use_mlock=False, offload_kqv=True, context_window=2048
)

response = engine.chat.completions.create(
    model="mistral-7b-instruct",
    messages=[
        {"role": "user", "content": 'List two colours as JSON, for example {"colours": []}.'}
    ],
    response_format={"type": "json_object"},
    max_tokens=200,
    temperature=0,
)
print(response.object, response.choices[0].index, response.choices[0].finish_reason)
print(type(json.loads(response.choices[0].message.content)).__name__)
