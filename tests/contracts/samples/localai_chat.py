"""LocalAI: OpenAI's client with a model by the name of its YAML."""

import openai

client = openai.OpenAI(base_url="http://localhost:8080/v1", api_key="not-needed")
print([model.id for model in client.models.list() if model.id.startswith("mis")])

messages = [{"role": "user", "content": "What is the capital of France? Answer briefly."}]
answer = client.chat.completions.create(
    model="mistral", messages=messages, temperature=0, max_tokens=12
)
print(answer.model, answer.choices[0].message.content)

for chunk in client.chat.completions.create(
    model="mistral", messages=messages, temperature=0, max_tokens=12, stream=True
):
    print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
