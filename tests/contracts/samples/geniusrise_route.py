"""Geniusrise's chat_route.py without its window: local answer, judgement, OpenAI only if bad."""

import os

import requests
from openai import OpenAI

API = "http://localhost:3000/api/v1/chat_llama_cpp"
openai = OpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key="any")


def local(messages, max_tokens):
    data = {
        "messages": messages,
        "temperature": 0.2,
        "top_p": 0.95,
        "top_k": 40,
        "max_tokens": max_tokens,
    }
    response = requests.post(API, json=data, timeout=60)
    response.raise_for_status()
    return response.json()["choices"][0]["message"]["content"]


def route(question):
    answer = local([{"role": "user", "content": question}], 24)
    judge = f"Question: {question}\nAnswer: {answer}\nSay only 'good quality' or 'bad quality'."
    verdict = local([{"role": "user", "content": judge}], 3)
    if "good quality" in verdict.lower():
        return answer
    better = openai.chat.completions.create(
        model="smollm2-135m-instruct",
        messages=[{"role": "user", "content": question}],
        temperature=0.2,
        max_tokens=24,
    )
    text = better.choices[0].message.content
    return f"## OpenAI response\n\n{text}\n\n## Local model response\n\n{answer}"


print(route("What is the capital of France? Answer briefly."))
print("end")
