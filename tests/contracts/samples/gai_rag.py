"""Gai/Gen: index a text, watch the progress, retrieve."""

import asyncio

from quintet import RAG, Gaigen

with open("tower.txt") as file:
    text = file.read()

rag = Gaigen.GetInstance().load("rag")
document_id = asyncio.run(
    rag.index_async(
        collection_name="demo",
        text=text,
        path_or_url="tower.txt",
        metadata={"source": "unknown", "title": "Tower"},
        status_updater=lambda percent: print("status:", percent),
    )
)
found = rag.retrieve(collection_name="demo", query_texts="How high is the tower?", n_results=1)
print(
    found["documents"].iloc[0], found["metadatas"].iloc[0]["title"], found["distances"].iloc[0] < 1
)
print(RAG.list_collections(), RAG.get_document(document_id).Title)
RAG.delete_document(document_id)
print(RAG.list_documents("demo"))
