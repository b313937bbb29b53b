"""How far setting up is → the card of an empty chat: a heading, the set's models, one main action. Pure; escaped."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ui.core.icons import icon
from workers.messages.amounts import done_words, size_words
from workers.models.importing.gguf_files import is_projector
from workers.models.setup.offer import OfferedModel
from workers.models.setup.progress import WORK, SetupProgress, time_words, work_words

LABELS = {
    "resume": "Go on",
    "retry": "Try again",
    "pause": "Stop",
    "decline": "Not now",
    "undo": "Undo",
    "close": "Close",
    "models": "Choose singly",
}
MAIN = ("start", "accept", "resume", "retry")
COUNTS = {1: "it", 2: "both", 3: "all three", 4: "all four", 5: "all five"}
TITLES = {
    "offered": "Quintet answers already. A better model is one click away.",
    "running": "Quintet answers already. Better models are on their way.",
    "cut": "Quintet answers already. Some of the better models are still to come.",
    "failed": "The models for this machine could not be fetched.",
    "done": "Ready: the models for this machine answer now.",
}
NO_WORD_OF_WHY = "Its administrator sees why."
"""Who is no admin is not told: the sentence may name folders and addresses of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFoot:
    """What stands below the models."""

    actions: tuple[str, ...] = ()
    note: str = ""
    """HTML."""
    is_alert: bool = False


def setup_html(progress: SetupProgress, *, may_change: bool) -> str:
    """Return the card; "" where there is nothing to say, or nothing that this person could do."""
    stage = progress.stage
    if stage == "nothing" or (stage in ("offered", "cut") and not may_change):
        return ""
    foot = _foot(progress, may_change=may_change)
    actions = foot.actions if may_change else ()
    buttons = "".join(_button(action, progress) for action in actions)
    return (
        f'<section class="q-first q-first-{stage}" aria-label="First models"><h2>{TITLES[stage]}</h2>'
        f"<p>{_now(progress)}</p>"
        f'<div class="q-first-card"><div class="q-first-head"><h3>The best set for this machine</h3>'
        f"{_fits(progress)}<p>{escape(progress.offer.machine)}. {_speeds(progress)}</p></div>"
        f"<ul>{''.join(map(_row, progress.offer.models))}</ul>{_left_out(progress)}"
        f'<div class="q-first-foot">{_bar(progress)}<div class="q-first-do">{buttons}</div>'
        f'<p role="{"alert" if foot.is_alert else "status"}">{foot.note}</p></div></div>{_demo(progress)}</section>'
    )


def _now(progress: SetupProgress) -> str:
    if progress.now is None or progress.stage == "done":
        return "Nothing you write leaves this machine."
    return (
        f"{escape(progress.now.name)} is the small demo model in this chat: fast, but it knows little "
        "and makes mistakes. Nothing you write leaves this machine."
    )


def _fits(progress: SetupProgress) -> str:
    plans = [model.status.plan for model in progress.offer.models]
    if not all(plan is not None and plan.outcome.startswith("fits") for plan in plans):
        return ""
    return f'<span class="q-tag q-ok">{icon("tick")}all of it fits</span>'


def _speeds(progress: SetupProgress) -> str:
    plans = [model.status.plan for model in progress.offer.models]
    known = any(plan is not None and plan.speed_words.startswith("about") for plan in plans)
    return "Speeds with “about” are estimates." if known else ""


def _row(model: OfferedModel) -> str:
    """One model: what for, its name, size, speed, and whether it is here."""
    card, plan = model.card, model.status.plan
    sees = ", pictures" if any(map(is_projector, card.files)) else ""
    modality = "rag" if model.part == "reranker" else model.part
    licence = (
        f" <small>{escape(card.license)} limits its use</small>" if card.license_restricted else ""
    )
    return (
        f'<li class="m-{modality}"><span class="q-first-for">{WORK[model.part]}{sees}</span>'
        f"<span><b>{escape(card.name)}</b>{licence}</span>"
        f'<span class="q-num">{size_words(model.total_bytes)}</span>'
        f'<span class="q-num">{escape(plan.speed_words) if plan is not None else ""}</span>'
        f"<span>{_state(model)}</span></li>"
    )


def _state(model: OfferedModel) -> str:
    if model.is_here:
        return f'{icon("tick")}<span class="q-sr">here</span>'
    percent = model.status.percent
    return f"{percent} %" if percent is not None else ""


def _left_out(progress: SetupProgress) -> str:
    return "".join(f'<p class="q-first-out">{escape(text)}</p>' for text in progress.offer.left_out)


def _foot(progress: SetupProgress, *, may_change: bool) -> CardFoot:
    match progress.stage:
        case "offered":
            begin = "accept" if progress.offer.licences else "start"
            return CardFoot(actions=(begin, "models", "decline"), note=_before(progress))
        case "running":
            return CardFoot(actions=("pause",), note=_meanwhile(progress))
        case "cut":
            return CardFoot(actions=("resume", "models", "decline"), note=_before(progress))
        case "failed":
            problem = str(progress.problem) if progress.problem is not None else ""
            note = escape(problem) if may_change else NO_WORD_OF_WHY
            return CardFoot(actions=("retry", "models", "decline"), note=note, is_alert=True)
    return CardFoot(actions=("undo", "close"), note=_done(progress))


def _before(progress: SetupProgress) -> str:
    offer, speed = progress.offer, progress.choices.bytes_per_s
    time = time_words(offer.missing_bytes / speed) if speed else ""
    took = f"{time[:1].upper()}{time[1:]} on this line. " if time else ""
    return f"{took}It goes on if you close the page, and each model is used as soon as it is here."


def _meanwhile(progress: SetupProgress) -> str:
    here = [model for model in progress.offer.models if model.is_here]
    usable = f"Usable already: {work_words(here)}. " if here else ""
    return f"{usable}It goes on if you close the page; you can write meanwhile."


def _done(progress: SetupProgress) -> str:
    used = [model for model in progress.offer.models if model.status.state == "in_use"]
    names = ", ".join(f"{WORK[model.part]}: {model.card.name}" for model in used)
    kept = (
        f"Until Quintet ends: {progress.not_kept}."
        if progress.not_kept
        else "Every start uses them."
    )
    return f"{escape(names)}. {escape(kept)}"


def _button(action: str, progress: SetupProgress) -> str:
    kind = "q-go" if action in MAIN else "" if action in ("pause", "undo", "close") else "q-quiet"
    label = LABELS.get(action) or _begin(action, progress)
    return (
        f'<button type="button" class="q-b {kind}" data-action="{action}">'
        f"{icon('download') if action in MAIN[:2] else ''}{label}</button>"
    )


def _begin(action: str, progress: SetupProgress) -> str:
    """Return "Get all four · 4.1 GB"."""
    missing = progress.offer.missing
    what = COUNTS.get(len(missing), "all")
    size = size_words(progress.offer.missing_bytes)
    return (
        f"Accept the licences and get {what} · {size}"
        if action == "accept"
        else f"Get {what} · {size}"
    )


def _bar(progress: SetupProgress) -> str:
    if progress.stage not in ("running", "cut"):
        return ""
    done = done_words(progress.total_bytes - progress.offer.missing_bytes, progress.total_bytes)
    left = time_words(progress.left_s) if progress.stage == "running" else ""
    verb = "Downloading" if progress.stage == "running" else "Stopped at"
    return (
        f'<div class="q-first-far"><b>{verb}, {done}</b><span>{f"{left} left" if left else ""}</span>'
        f'<progress max="1" value="{progress.fraction:.3f}" aria-label="Of the set for this machine">'
        "</progress></div>"
    ).replace("Stopped at,", "Stopped at")


def _demo(progress: SetupProgress) -> str:
    return "<h4>Or try the demo now</h4>" if progress.stage in ("offered", "running", "cut") else ""
