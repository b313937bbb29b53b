"""The models of a Quintet that runs elsewhere, for `quintet models --url`: asked of its routes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from configs.catalogue import ModelCard
from workers.messages import Progress
from workers.messages.amounts import MB
from workers.messages.errors import DownloadError, DownloadPausedError, RequestError
from workers.models.prices import price_text

from .output import note
from .proposal import Proposal
from .remote_quintet import RemoteQuintet

POLL_S = 0.5
MIB = 1024 * 1024
UNDER_WAY = ("running", "waiting", "elsewhere")

Report = Callable[[Progress], None]


class RemoteModels:
    """What `LocalModels` does too, done there; what changes something needs an admin's key."""

    def __init__(self, there: RemoteQuintet) -> None:
        self._there = there

    def rows(self, model: str = "") -> list[dict[str, Any]]:
        """Return what is known there of all models, or of one. Raises: RequestError, RemoteError."""
        self._there.defaults()  # an address that is no Quintet's is told as everywhere
        found = [_row(each) for each in self._listed()["data"] if model in ("", each["id"])]
        if model and not found:
            raise RequestError(
                f"No model is called {model!r} there.", "`quintet models list` shows them all."
            )
        return found

    def found(self) -> list[dict[str, Any]]:
        """Return the models that other programs keep there, and that are not added yet; an admin sees them."""
        found: list[dict[str, Any]] = self._listed().get("found", [])
        return found

    def plans(self, models: Sequence[str]) -> list[dict[str, Any]]:
        """Return for each model whether it fits there now; for all if none is named."""
        rows = [row for name in models for row in self.rows(name)] if models else self.rows()
        return [row["plan"] for row in rows if row["plan"] is not None]

    def pull(self, model: str, report: Report, *, accept_license: bool) -> tuple[str, str]:
        """Start a download there and watch it; returns what was said of it before and after."""
        before: str = self._state(model)["words"]
        body = {"accept_license": accept_license}
        state = self._act("POST", model, "/pull", body)
        try:
            while state["state"] in UNDER_WAY:
                report(_progress(state))
                time.sleep(POLL_S)
                state = self._state(model)
        except KeyboardInterrupt:
            note(f"It goes on there. Pause it with: quintet models pause {model} --url …")
            raise
        if state["state"] == "failed":
            raise DownloadError(state["hint"] or state["words"])
        if state["state"] in ("paused", "absent"):
            raise DownloadPausedError(f"Somebody has stopped the download: {state['words']}.")
        return before, state["words"]

    def pause(self, model: str) -> str:
        """Pause a download there; returns how it stands."""
        words: str = self._act("POST", model, "/pause")["words"]
        return words

    def use(self, model: str, context_tokens: int | None) -> str:
        """Make a model the default of its modality there; returns how it stands, and why it is not kept."""
        body = None if context_tokens is None else {"context_tokens": context_tokens}
        state = self._act("POST", model, "/use", body)
        return ", ".join(
            filter(None, (state["words"], state.get("context"), state.get("not_kept")))
        )

    def removal(self, model: str) -> str:
        """Return what is asked before a model is removed."""
        self._state(model)
        return f"Remove {model} from the machine of that Quintet?"

    def remove(self, model: str) -> dict[str, Any]:
        """Remove a model there."""
        gone = self._act("DELETE", model)
        return {
            "id": gone["id"],
            "removed": gone["id"],
            "freed_mib": gone["freed_mib"],
            "forgotten": gone["forgotten"],
        }

    def propose(self, what: str, model_id: str, modality: str, price: str) -> Proposal:
        """Return what could be added there."""
        body = {
            "source": what,
            "id": model_id,
            "modality": modality,
            "price": price,
            "dry_run": True,
        }
        said = self._there.call("POST", "/v1/models", body)
        return Proposal(
            card=ModelCard.model_validate(said["card"]),
            plan=said["state"]["plan"],
            quantizations=said.get("quantizations", []),
        )

    def add(self, card: ModelCard, what: str) -> None:
        """Add a model there that was proposed."""
        body = {"source": what, "id": card.id, "modality": card.modality, "price": price_text(card)}
        self._there.call("POST", "/v1/models", body)

    def _listed(self) -> dict[str, Any]:
        listed: dict[str, Any] = self._there.call("GET", "/v1/models?with_state=true")
        return listed

    def _state(self, model: str) -> dict[str, Any]:
        return self._act("GET", model, "/state")

    def _act(self, method: str, model: str, action: str = "", body: Any = None) -> dict[str, Any]:
        path = f"/v1/models/{quote(model)}{action}"
        said: dict[str, Any] = self._there.call(method, path, body)
        return said


def _row(listed: dict[str, Any]) -> dict[str, Any]:
    """Return a model as `LocalModels` lists it, as far as the server tells."""
    state = listed["state"]
    return {
        "id": listed["id"],
        "name": listed["display_name"],
        "modality": listed["modality"],
        "license": listed["license"],
        "license_url": listed["license_url"],
        "license_restricted": listed["license_restricted"],
        "origin": listed["owned_by"],
        "context_length": listed["context_length"],
        "memory_mib": listed["memory_mib"],
        "download_mib": listed["download_mib"],
        "is_default": listed["is_default"],
        "is_old": listed.get("is_old", False),
        "recommended": listed.get("recommended", False),
        "weights": state["words"],
        "size_mib": state["size_mib"],
        "context": state.get("context", ""),
        "speed": _speed(state["plan"]),
        "plan": state["plan"],
    }


def _speed(plan: dict[str, Any] | None) -> str:
    """Return the words; "" where nothing is known, or that Quintet is older."""
    speed = (plan or {}).get("speed")
    return str(speed["words"]) if speed else ""


def _progress(state: dict[str, Any]) -> Progress:
    return Progress(
        request_id="",
        done=(state["done_bytes"] or 0) / MB,
        total=(state["total_bytes"] or 0) / MB,
        unit="MB",
        what=state["words"],
    )
