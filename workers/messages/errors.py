"""The error tree. Every class has a stable code, a sentence with the numbers, and a hint.

AppError
├── RequestError               the request cannot be served as it is (HTTP 4xx)
│   ├── UnsupportedInputError      unreadable, empty, wrong format, too large
│   ├── ContextTooLongError        the prompt does not fit the model's context
│   ├── NotAdminError              an admin's action, asked for by somebody else (403)
│   ├── UnknownModelError          no such model, voice or language
│   └── NotFoundError              no such thing
│       ├── CollectionNotFoundError
│       └── DocumentNotFoundError
├── ResourceError              the machine lacks something (503)
│   ├── OutOfMemoryError
│   ├── DiskFullError
│   └── FolderInUseError
├── EngineError                the model's library failed (5xx)
│   ├── EngineNotInstalledError    its library or its environment is missing (404)
│   ├── WeightsError               missing weights or a wrong checksum
│   │   ├── NotFetchedError            known, but not downloaded yet (404)
│   │   └── DownloadError              could not be downloaded (502)
│   ├── LoadError
│   │   └── MissingKeyError           no key for a remote model (400)
│   ├── GenerationError
│   └── RemoteError                another server refused, failed or broke off (502)
├── DownloadPausedError        somebody stopped a download; it goes on where it was
└── PoolError                  the pool cannot take or finish the request (429, 503, 504)
    ├── QueueFullError
    ├── TimedOutError
    ├── WorkerDiedError
    │   └── WorkerHungError            it stopped answering, and was ended
    └── PoolClosedError

Errors cross queues as `messages.Failed`; `from_code` turns one back into the class it came from.
"""

from __future__ import annotations

from configs.quoting import shortened

from .context_offer import ContextOffer


class AppError(Exception):
    """Something the user should read: one sentence, and what to do about it."""

    code = "app_error"

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = shortened(message)
        super().__init__(self.message)
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class RequestError(AppError):
    """The request cannot be served as it is."""

    code = "bad_request"


class UnsupportedInputError(RequestError):
    """The input is empty, unreadable, of the wrong format or too large."""

    code = "unsupported_input"


class ContextTooLongError(RequestError):
    """The prompt does not fit the model's context."""

    code = "context_length_exceeded"

    def __init__(
        self, message: str, hint: str = "", num_tokens: int = 0, offer: ContextOffer | None = None
    ) -> None:
        """`num_tokens`: of the prompt, 0 if nobody counted; `offer`: what there is for it here."""
        super().__init__(message, hint)
        self.num_tokens = num_tokens
        self.offer = offer


class NotAdminError(RequestError):
    """An admin's action, asked for by somebody who is none."""

    code = "admin_only"


class UnknownModelError(RequestError):
    """No such model, voice or language."""

    code = "unknown_model"


class NotFoundError(RequestError):
    """No such thing."""

    code = "not_found"


class CollectionNotFoundError(NotFoundError):
    """No collection of that name."""

    code = "collection_not_found"


class DocumentNotFoundError(NotFoundError):
    """No document with that id."""

    code = "document_not_found"


class ResourceError(AppError):
    """The machine lacks something."""

    code = "no_resource"


class OutOfMemoryError(ResourceError):
    """The model does not fit in memory."""

    code = "out_of_memory"


class DiskFullError(ResourceError):
    """No room left where the data is kept."""

    code = "disk_full"


class FolderInUseError(ResourceError):
    """Another Quintet has a folder open that only one can use."""

    code = "folder_in_use"


class EngineError(AppError):
    """The model's library failed."""

    code = "engine_error"


class EngineNotInstalledError(EngineError):
    """The library of this engine is not installed; the hint is the exact command."""

    code = "engine_not_installed"


class WeightsError(EngineError):
    """The weights are missing or are not the ones that the card names."""

    code = "bad_weights"


class NotFetchedError(WeightsError):
    """The model is known, but its weights are not on this machine; the hint is the command."""

    code = "not_fetched"


class DownloadError(WeightsError):
    """The weights could not be downloaded; what there is of them is kept."""

    code = "download_failed"


class LoadError(EngineError):
    """The model could not be loaded."""

    code = "load_failed"


class MissingKeyError(LoadError):
    """The model runs on another server, and the key for it is not set; the hint says where."""

    code = "missing_key"


class GenerationError(EngineError):
    """The engine failed while it worked."""

    code = "generation_failed"


class RemoteError(EngineError):
    """Another server, whose model is used here, refused, failed or broke off."""

    code = "remote_failed"


class DownloadPausedError(AppError):
    """Somebody stopped a download; the next one goes on where it was."""

    code = "download_paused"


class PoolError(AppError):
    """The pool cannot take or finish the request."""

    code = "pool_error"


class QueueFullError(PoolError):
    """Too many requests wait for this worker."""

    code = "queue_full"


class TimedOutError(PoolError):
    """The deadline passed before the answer was ready."""

    code = "timed_out"


class WorkerDiedError(PoolError):
    """The worker's process ended while it held the request."""

    code = "worker_died"


class WorkerHungError(WorkerDiedError):
    """The worker's process stopped answering, and was ended while it held the request."""

    code = "worker_hung"


class PoolClosedError(PoolError):
    """The application is stopping."""

    code = "pool_closed"


def _tree(root: type[AppError]) -> list[type[AppError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in _tree(child))]


def from_code(code: str, message: str, hint: str = "") -> AppError:
    """Return the exception that `code` names; an unknown code gives a plain AppError."""
    by_code = {error.code: error for error in _tree(AppError)}
    return by_code.get(code, AppError)(message, hint)
