"""How far setting up is → one line of HTML above the tabs. Pure; everything is escaped."""

from __future__ import annotations

from html import escape

from workers.messages.amounts import size_words
from workers.models.setup.progress import (
    WORK,
    SetupProgress,
    model_words,
    time_words,
    total_words,
    work_words,
)

LABELS = {
    "start": "Get the set for this machine",
    "accept": "Accept the licences and get it",
    "resume": "Go on",
    "retry": "Try again",
    "pause": "Pause",
    "decline": "Not now",
    "undo": "Undo",
    "close": "Close",
}


def setup_html(progress: SetupProgress, *, may_change: bool) -> str:
    """Return the line; "" where there is nothing to say."""
    if progress.stage == "nothing":
        return ""
    parts = {
        "offered": _offered, "running": _running, "cut": _cut, "done": _done,
        "failed": _failed if may_change else _failed_for_others,
    }  # fmt: skip
    sentence, actions = parts[progress.stage](progress)
    buttons = "".join(map(_button, actions)) if may_change else ""
    return (
        f'<section class="q-setup q-setup-{progress.stage}" aria-label="First models">'
        f'<div class="q-setup-line"><p role="status">{sentence}</p>'
        f'<div class="q-setup-do">{buttons}</div></div>{_bar(progress)}{_models(progress)}</section>'
    )


def _offered(progress: SetupProgress) -> tuple[str, tuple[str, ...]]:
    offer = progress.offer
    first = next((model for model in offer.missing), offer.models[0])
    total = total_words(offer, progress.choices.bytes_per_s)
    sentence = (
        f"{_answers_now(progress)} For this machine: <b>{WORK[first.part]}: "
        f"{escape(model_words(first))}</b>. With the rest of the set: {escape(total)}."
    )
    return sentence, ("accept" if offer.licences else "start", "decline")


def _running(progress: SetupProgress) -> tuple[str, tuple[str, ...]]:
    here = [model for model in progress.offer.models if model.is_here]
    left = time_words(progress.left_s)
    parts = [
        f"<b>Fetching {escape(_under_way(progress))}</b>: {round(100 * progress.fraction)} % of "
        f"{size_words(progress.total_bytes)}",
        f"{left} left" if left else "",
        f"usable already: {work_words(here)}" if here else "",
    ]
    return " · ".join(filter(None, parts)) + ". It goes on if this page is closed.", ("pause",)


def _cut(progress: SetupProgress) -> tuple[str, tuple[str, ...]]:
    sentence = (
        f"The set for this machine is here to {round(100 * progress.fraction)} %; "
        f"{escape(total_words(progress.offer, progress.choices.bytes_per_s))}."
    )
    return sentence, ("resume", "decline")


def _failed(progress: SetupProgress) -> tuple[str, tuple[str, ...]]:
    problem = progress.problem
    words = f"{problem.message} {problem.hint}" if problem is not None else ""
    return f"<b>{escape(words.strip())}</b>", ("retry", "decline")


def _failed_for_others(_progress: SetupProgress) -> tuple[str, tuple[str, ...]]:
    """Why is not theirs to know: the sentence may name folders and addresses of this machine."""
    return "The models for this machine could not be fetched; its administrator sees why.", ()


def _done(progress: SetupProgress) -> tuple[str, tuple[str, ...]]:
    used = [model for model in progress.offer.models if model.status.state == "in_use"]
    names = ", ".join(f"{WORK[model.part]}: {model.card.name}" for model in used)
    kept = (
        f"Until Quintet ends: {progress.not_kept}."
        if progress.not_kept
        else "Every start uses them."
    )
    return f"<b>Ready.</b> {escape(names)}. {escape(kept)}", ("undo", "close")


def _answers_now(progress: SetupProgress) -> str:
    if progress.now is None:
        return ""
    return f"{escape(progress.now.name)} answers now, a small demo model."


def _under_way(progress: SetupProgress) -> str:
    missing = progress.offer.missing
    return missing[0].card.name if missing else "the last model"


def _button(action: str) -> str:
    main = " q-main" if action in ("start", "accept", "resume", "retry") else ""
    return (
        f'<button type="button" class="q-do{main}" data-action="{action}">{LABELS[action]}</button>'
    )


def _bar(progress: SetupProgress) -> str:
    if progress.stage not in ("running", "cut"):
        return ""
    return (
        f'<progress max="1" value="{progress.fraction:.3f}" '
        'aria-label="Of the set for this machine"></progress>'
    )


def _models(progress: SetupProgress) -> str:
    """Every model of the set, folded."""
    if progress.stage == "done":
        return ""
    rows = "".join(
        f"<li>{WORK[model.part]}: {escape(model_words(model))}</li>"
        for model in progress.offer.models
    )
    rows += "".join(f"<li>{escape(sentence)}</li>" for sentence in progress.offer.left_out)
    return f"<details><summary>What is in it: {escape(progress.offer.machine)}</summary><ul>{rows}</ul></details>"
