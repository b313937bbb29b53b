"""Geniusrise's chat.py without its window: the whole history in every turn, the bot's as system."""

import requests

API = "http://localhost:3000/api/v1/chat_llama_cpp"
SYSTEM = {"role": "system", "content": "You are a helpful assistant."}

history = []


def chat(message):
    messages = [SYSTEM]
    for user, bot in history:
        messages += [{"role": "user", "content": user}, {"role": "system", "content": bot}]
    messages.append({"role": "user", "content": message})
    data = {
        "messages": messages,
        "temperature": 0.2,
        "top_p": 0.95,
        "top_k": 40,
        "max_tokens": 24,
    }
    response = requests.post(API, json=data, auth=("user", "password"), timeout=60)
    if response.status_code != 200:
        return f"Error: {response.status_code}"
    answer = response.json()["choices"][0]["message"]["content"]
    history.append((message, answer))
    return answer


for question in ("What is the capital of France? Answer briefly.", "Thank you.", "Goodbye."):
    print(repr(chat(question)))
