"""Geniusrise's chat_chain.py without its window, on Quintet's own flow: plan, solve, assemble."""

import asyncio

from quintet import ChatMessage, Quintet, SamplingParams
from workers.flows.chain import Assembled, Chain, Planned, chain


async def main(client):
    task = ChatMessage(role="user", text="Write a markdown list of two steps to make tea.")
    sampling = SamplingParams(temperature=0.2, top_p=0.95, top_k=40, max_tokens=32, seed=1)
    async for event in chain(client, Chain(request_id="1", messages=(task,), sampling=sampling)):
        if isinstance(event, Planned):
            print("steps:", len(event.steps) > 0)
        elif isinstance(event, Assembled):
            print(event.text)


with Quintet() as quintet:
    asyncio.run(main(quintet.client))
