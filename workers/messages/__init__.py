"""Every type that crosses a queue between the page, the pool and the workers.

Plain values only: frozen dataclasses of strings, numbers, bytes and tuples. No tensors, no
callables, no exceptions, no open files: an exception with a keyword-only argument pickles and then
fails to unpickle, so errors cross as `Failed` and become exceptions again in `workers.client`.

The life of one request:

    Queued*  →  Started  →  (ThoughtDelta | TextDelta | SegmentDelta | AudioDelta | … | Progress)*  →  Finished | Failed

A request ends in exactly one `Finished` or `Failed`, whatever happens, and nothing follows it.
`Queued` is written by the pool, `Started` and the end by `workers.engines.main`, the rest by a worker.

    requests.py   the verbs: Generate, Transcribe, Synthesize, Describe, Ingest, Retrieve …
    events.py     the nouns: TextDelta, SegmentDelta, AudioDelta, PictureRead, Retrieved …
    values.py     what both are made of: ChatMessage, SamplingParams, Media, Usage …
    passages.py   what is found in documents
    control.py    what pool and process say outside any request: Cancel, Ping, Loading, Ready …

Everybody imports them from here.
"""

from __future__ import annotations

from .control import Cancel as Cancel
from .control import LastWords as LastWords
from .control import LoadFailed as LoadFailed
from .control import Loading as Loading
from .control import Ping as Ping
from .control import Pong as Pong
from .control import Ready as Ready
from .control import Shutdown as Shutdown
from .events import END_EVENTS as END_EVENTS
from .events import AudioDelta as AudioDelta
from .events import AudioInfo as AudioInfo
from .events import Chunks as Chunks
from .events import Collections as Collections
from .events import DocumentFound as DocumentFound
from .events import DocumentIndexed as DocumentIndexed
from .events import DocumentRead as DocumentRead
from .events import Documents as Documents
from .events import Embedded as Embedded
from .events import Event as Event
from .events import Failed as Failed
from .events import Finished as Finished
from .events import FinishReason as FinishReason
from .events import PageRendered as PageRendered
from .events import PageShown as PageShown
from .events import PictureRead as PictureRead
from .events import Progress as Progress
from .events import Queued as Queued
from .events import Reranked as Reranked
from .events import Retrieved as Retrieved
from .events import ScansFound as ScansFound
from .events import SegmentDelta as SegmentDelta
from .events import Started as Started
from .events import TextDelta as TextDelta
from .events import ThoughtDelta as ThoughtDelta
from .events import ToolCallDelta as ToolCallDelta
from .passages import Grounds as Grounds
from .passages import Passage as Passage
from .passages import PassageFilter as PassageFilter
from .passages import PassagePlace as PassagePlace
from .requests import MODALITIES as MODALITIES
from .requests import MODALITY_OF as MODALITY_OF
from .requests import VOICE_CONSENT as VOICE_CONSENT
from .requests import Complete as Complete
from .requests import DeleteCollection as DeleteCollection
from .requests import DeleteDocument as DeleteDocument
from .requests import Describe as Describe
from .requests import Embed as Embed
from .requests import FindScans as FindScans
from .requests import Generate as Generate
from .requests import GetDocument as GetDocument
from .requests import Ingest as Ingest
from .requests import ListChunks as ListChunks
from .requests import ListCollections as ListCollections
from .requests import ListDocuments as ListDocuments
from .requests import LoadModel as LoadModel
from .requests import Modality as Modality
from .requests import ReadDocument as ReadDocument
from .requests import RenderPage as RenderPage
from .requests import Request as Request
from .requests import Rerank as Rerank
from .requests import Retrieve as Retrieve
from .requests import ShowPage as ShowPage
from .requests import Synthesize as Synthesize
from .requests import Transcribe as Transcribe
from .requests import UpdateDocument as UpdateDocument
from .requests import modality_of as modality_of
from .requests import new_request_id as new_request_id
from .values import NO_THOUGHTS as NO_THOUGHTS
from .values import ChatMessage as ChatMessage
from .values import Chunk as Chunk
from .values import CollectionInfo as CollectionInfo
from .values import Constraint as Constraint
from .values import Decoding as Decoding
from .values import DocumentInfo as DocumentInfo
from .values import Media as Media
from .values import Metadata as Metadata
from .values import PageText as PageText
from .values import Role as Role
from .values import SamplingParams as SamplingParams
from .values import TextLine as TextLine
from .values import Thinking as Thinking
from .values import TokenLogprob as TokenLogprob
from .values import Tool as Tool
from .values import ToolCall as ToolCall
from .values import Usage as Usage
from .values import Word as Word
