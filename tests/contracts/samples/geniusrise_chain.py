"""Geniusrise's chat_chain.py without its window, on Quintet's own flow: plan, solve, assemble."""

from quintet import Quintet

TASK = "Write a markdown list of two steps to make tea."

with Quintet() as quintet:
    result = quintet.chat(
        TASK, flow="plan", temperature=0.2, top_p=0.95, top_k=40, max_tokens=32, seed=1
    )
    print("steps:", len(result.flow["steps"]) > 0)
    print(result.text)
    print("end")
