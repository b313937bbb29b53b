"""Quintet from Python: text, speech in, speech out, vision and documents, on this machine.

    from quintet import Quintet

    with Quintet() as quintet:
        print(quintet.chat("What is the capital of France?", temperature=0))
        speech = quintet.speak("It is Paris.")
        speech.save("answer.mp3")
        print(quintet.transcribe("answer.mp3").to_srt())
        print(quintet.read("receipt.png").lines, quintet.describe("receipt.png", "What is the total?"))
        quintet.index("handbook", ["handbook.pdf", "notes/"], on_progress=print)
        print(quintet.ask("handbook", "How many days of leave are there?").citations)

A worker starts when it is first needed; no `if __name__ == "__main__":` is asked for. `stream_chat`
and its siblings give the pieces as they come, `AsyncQuintet` is the same to await. What goes wrong
is an `AppError`: one sentence, and what to do about it.

`Gaigen` and `RAG` answer as the Gai library's, `LocalEngine` and `DocumentRetriever` as g4l's.
"""

from __future__ import annotations

if __name__ == "__main__":  # first, because the command line imports only what its command needs
    import sys

    from cli.main import main

    sys.exit(main())

from compat.g4l.local_engine import LocalEngine as LocalEngine
from compat.g4l.retriever import DocumentRetriever as DocumentRetriever
from compat.gai.library.gaigen import Gaigen as Gaigen
from compat.gai.library.rag import RAG as RAG
from configs.catalogue import ModelCard as ModelCard
from configs.errors import ConfigError as ConfigError
from library.answers import Answer as Answer
from library.answers import FileAnswer as FileAnswer
from library.results import ChatResult as ChatResult
from library.results import Description as Description
from library.results import Speech as Speech
from library.results import Transcript as Transcript
from library.session import AsyncQuintet as AsyncQuintet
from library.session import Quintet as Quintet
from workers.messages import ChatMessage as ChatMessage
from workers.messages import SamplingParams as SamplingParams
from workers.messages import Tool as Tool
from workers.messages import errors as errors
from workers.messages.errors import AppError as AppError
from workers.personas.records import Persona as Persona

__all__ = [
    "RAG",
    "Answer",
    "AppError",
    "AsyncQuintet",
    "ChatMessage",
    "ChatResult",
    "ConfigError",
    "Description",
    "DocumentRetriever",
    "FileAnswer",
    "Gaigen",
    "LocalEngine",
    "ModelCard",
    "Persona",
    "Quintet",
    "SamplingParams",
    "Speech",
    "Tool",
    "Transcript",
    "errors",
]
