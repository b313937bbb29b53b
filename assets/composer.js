// The composer: a box that grows, Send and Stop in one place, the switches, dictation. Runs as gr.HTML's
// js_on_load. What the server says of the chat comes as JSON in the value, and is passed on.

const find = (selector) => element.querySelector(selector);
const box = find("textarea");
const send = find(".q-send");
const stop = find(".q-stop");
const switches = find(".q-switches");
const under = find(".q-line-of-chat");
const MAX_SHARE = 0.4; // of the window, for a long message
let state = {};
let sending = null; // what was sent and not yet taken
let sentFrom = ""; // the draft that it was
const act = (name, data = {}) => window.quintetAct(name, data);

// --- the box ---

const draftKey = () => `quintet-draft-${state.chat ?? "new"}`;
attached.changed = () => refresh();
function fit() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, innerHeight * MAX_SHARE)}px`;
  refresh();
}
function refresh() {
  const hasSomething = Boolean(box.value.trim()) || attached.has();
  const canSend = hasSomething && !attached.isBusy() && sending === null;
  send.disabled = !canSend;
  send.hidden = Boolean(state.is_running) && !hasSomething;
  stop.hidden = !send.hidden;
  const [context, isNearlyFull] = state.context ?? ["", false];
  under.classList.toggle("q-warn", Boolean(isNearlyFull));
  under.textContent = state.is_running && hasSomething
    ? "Enter sends this after the answer; Esc stops the answer"
    : [state.line, context].filter(Boolean).join(" · ");
}
function submit() {
  if (send.disabled) return;
  sending = box.value;
  sentFrom = draftKey();
  refresh();
  act("send", { text: sending, files: attached.files() });
}
function keepDraft() {
  try {
    if (box.value) sessionStorage.setItem(draftKey(), box.value);
    else sessionStorage.removeItem(draftKey());
  } catch { /* a browser that keeps nothing */ }
}
function dropDraft(key) {
  try { sessionStorage.removeItem(key); } catch { /* a browser that keeps nothing */ }
}
function readDraft() {
  try { return sessionStorage.getItem(draftKey()) ?? ""; } catch { return ""; }
}
box.addEventListener("input", () => { fit(); keepDraft(); });
box.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    submit();
  } else if (event.key === "ArrowUp" && !box.value) {
    const own = document.querySelectorAll('#chat-scroll [data-edit][data-how="question"]');
    if (own.length) {
      event.preventDefault();
      own[own.length - 1].click();
    }
  }
});
// What is not seen has no height: measured again when its tab is.
new IntersectionObserver((entries) => { if (entries.some((one) => one.isIntersecting)) fit(); }).observe(box);
send.addEventListener("click", submit);
stop.addEventListener("click", () => act("stop"));

// --- what the server says ---

let seenChat;
let seenEpoch = 0;
function update() {
  let next;
  try { next = JSON.parse(props.value || "{}"); } catch { return; }
  const { sent, failed, dictated, focus, jump, to_end, ...rest } = next;
  const hasBegun = sending !== null && sent !== undefined;
  if (hasBegun && box.value === sending) {
    box.value = "";
    keepDraft();
  }
  if (hasBegun) {
    dropDraft(sentFrom); // also where a look at other tabs has come between
    attached.clear();
  }
  if (hasBegun || failed) sending = null;
  if (next.epoch < seenEpoch) { // drawn before what is seen now, and come after it, as has its log
    if (dictated !== undefined) heard(dictated);
    fit();
    return act("redraw", { epoch: seenEpoch });
  }
  seenEpoch = next.epoch ?? seenEpoch;
  const isOther = seenChat !== undefined && rest.chat !== seenChat && !hasBegun;
  state = rest;
  attached.says(rest.attach);
  seenChat = rest.chat ?? null;
  if (isOther) box.value = readDraft();
  if (dictated !== undefined) heard(dictated);
  drawSwitches();
  fit();
  look();
  if (focus && matchMedia("(hover: hover)").matches) box.focus();
  document.dispatchEvent(new CustomEvent("quintet-chat", { detail: next }));
}

// Whether the tools and documents that were chosen are still here is looked up when others are chosen.
let lookedFor = "";
function look() {
  const chosen = (state.switches ?? []).filter((one) => ["persona", "tools", "collections"].includes(one.key));
  const key = JSON.stringify([state.chat, ...chosen.map((one) => [one.value, one.looks])]);
  if (key === lookedFor) return;
  lookedFor = key;
  chosen.filter((one) => one.looks).forEach((one) => act(one.looks));
}

// --- switches ---

function drawSwitches() {
  const open = switches.querySelector("[aria-expanded=true]")?.dataset.key;
  const focused = switches.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  switches.replaceChildren(...(state.switches ?? []).map(drawSwitch));
  fold.classList.toggle("on", (state.switches ?? []).some((one) => one.is_on));
  if (focused) switches.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  if (open) refreshMenu(open);
}
function drawSwitch(one) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `q-switch${one.is_on ? " on" : ""}`;
  button.dataset.key = one.key;
  button.disabled = Boolean(one.why_not);
  button.title = one.why_not || one.hint;
  button.innerHTML = one.icon;
  const label = document.createElement("span");
  label.textContent = one.label;
  button.append(label);
  if (one.kind === "toggle") {
    button.setAttribute("aria-pressed", String(one.is_on));
    button.addEventListener("click", () => act("switch", { key: one.key, value: !one.value, is_last: true }));
  } else {
    button.setAttribute("aria-haspopup", "menu");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => (menu ? closeMenu(true) : openMenu(one.key)));
  }
  return button;
}

// On a phone the switches are folded into one button.
const fold = find(".q-fold");
function unfold(isOpen) {
  find(".q-box").classList.toggle("q-unfolded", isOpen);
  fold.setAttribute("aria-expanded", String(isOpen));
}
box.addEventListener("focus", () => unfold(false));
fold.addEventListener("click", () => {
  const isOpen = fold.getAttribute("aria-expanded") !== "true";
  unfold(isOpen);
  if (isOpen) switches.querySelector("button")?.focus();
});
element.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || menu || fold.getAttribute("aria-expanded") !== "true") return;
  event.preventDefault();
  unfold(false);
  fold.focus();
});

let menu = null;
function openMenu(key) {
  menu = document.createElement("div");
  menu.className = "q-menu q-switch-menu";
  menu.setAttribute("role", "menu");
  menu.dataset.key = key;
  find(".q-box").append(menu);
  refreshMenu(key);
  const { opens } = state.switches.find((one) => one.key === key) ?? {};
  if (opens) act(opens);
  (menu.querySelector("[aria-checked=true]") ?? menu.querySelector("button"))?.focus();
}
function refreshMenu(key) {
  const one = (state.switches ?? []).find((found) => found.key === key);
  const button = switches.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!one || !button || !menu) return closeMenu(false);
  button.setAttribute("aria-expanded", "true");
  const focused = menu.contains(document.activeElement) ? document.activeElement.dataset.value : null;
  menu.setAttribute("aria-label", one.label);
  menu.style.left = `${Math.max(0, Math.min(button.offsetLeft, find(".q-box").clientWidth - 320))}px`;
  menu.replaceChildren(...one.choices.map((choice) => drawChoice(one, choice)));
  if (!one.choices.length) menu.append(Object.assign(document.createElement("p"), { className: "q-line q-note", textContent: one.hint }));
  if (one.act) {
    const more = document.createElement("button");
    more.type = "button";
    more.className = "q-choice q-more";
    more.setAttribute("role", "menuitem");
    more.textContent = one.act_label;
    more.addEventListener("click", () => { closeMenu(false); act(one.act, { key: one.key }); });
    menu.append(more);
  }
  if (focused !== null) menu.querySelector(`[data-value="${CSS.escape(focused)}"]`)?.focus();
}
function drawChoice(one, choice) {
  const isMany = one.kind === "many";
  const isChosen = isMany ? one.value.includes(choice.value) : one.value === choice.value;
  const item = document.createElement("button");
  item.type = "button";
  item.className = "q-choice";
  item.dataset.value = choice.value;
  item.disabled = !choice.is_offered;
  item.setAttribute("role", isMany ? "menuitemcheckbox" : "menuitemradio");
  item.setAttribute("aria-checked", String(isChosen));
  item.innerHTML = `<i>${isChosen ? find("template.q-tick").innerHTML : ""}</i><span><b></b><small></small></span>`;
  item.querySelector("b").textContent = choice.label;
  item.querySelector("small").textContent = choice.note;
  item.addEventListener("click", () => {
    const value = isMany
      ? (isChosen ? one.value.filter((found) => found !== choice.value) : [...one.value, choice.value])
      : choice.value;
    if (!isMany) {
      closeMenu(false);
      unfold(false);
    }
    act("switch", { key: one.key, value, is_last: !isMany });
  });
  return item;
}
function closeMenu(withFocus) {
  if (!menu) return;
  const button = switches.querySelector(`[data-key="${CSS.escape(menu.dataset.key)}"]`);
  menu.remove();
  menu = null;
  button?.setAttribute("aria-expanded", "false");
  if (withFocus) button?.focus();
}
element.addEventListener("keydown", (event) => {
  if (!menu) return;
  const items = [...menu.querySelectorAll("button:not(:disabled)")];
  const at = items.indexOf(document.activeElement);
  if (event.key === "Escape") {
    event.preventDefault();
    closeMenu(true);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    items[(at + step + items.length) % items.length]?.focus();
  }
});
document.addEventListener("pointerdown", (event) => {
  if (menu && !menu.contains(event.target) && !event.target.closest?.(".q-switch")) closeMenu(false);
  if (!event.target.closest?.(".q-switches, .q-fold, .q-switch-menu")) unfold(false);
});

// --- dictation ---

const dictate = find(".q-dictate");
let recorder = null;
function heard(text) {
  dictate.disabled = false;
  dictate.classList.remove("busy");
  if (!text) return;
  const at = box.selectionStart ?? box.value.length;
  const before = box.value.slice(0, at);
  const gap = before && !/\s$/.test(before) ? " " : "";
  box.setRangeText(gap + text, at, box.selectionEnd ?? at, "end");
  box.dispatchEvent(new Event("input"));
}
async function record() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    under.textContent = "The browser does not let this page use the microphone. Allow it beside the address.";
    return;
  }
  const pieces = [];
  recorder = new MediaRecorder(stream);
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  recorder.addEventListener("stop", async () => {
    stream.getTracks().forEach((track) => track.stop());
    const kind = recorder.mimeType || "audio/webm";
    recorder = null;
    listen(false);
    dictate.disabled = true;
    dictate.classList.add("busy");
    const ending = kind.includes("mp4") ? "m4a" : kind.includes("ogg") ? "ogg" : "webm";
    try {
      const { path } = await upload(new File(pieces, `dictation.${ending}`, { type: kind }));
      act("dictate", { path });
    } catch {
      heard("");
      under.textContent = "The recording could not be sent. Is Quintet still running?";
    }
  });
  recorder.start();
  listen(true);
}
function listen(isOn) {
  dictate.setAttribute("aria-pressed", String(isOn));
  dictate.classList.toggle("on", isOn);
  dictate.title = isOn ? "Stop and write it down" : "Dictate (hold Ctrl Space)";
  if (isOn) under.textContent = "Listening …";
  else refresh();
}
const toggleRecording = () => (recorder ? recorder.stop() : record());
dictate.addEventListener("click", toggleRecording);
let isHeld = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.code === "Space" && !event.repeat && element.isConnected && element.offsetParent !== null) {
    event.preventDefault();
    if (!recorder && !dictate.disabled) { isHeld = true; record(); }
  }
});
document.addEventListener("keyup", (event) => {
  if (isHeld && (event.code === "Space" || event.key === "Control")) {
    isHeld = false;
    recorder?.stop();
  }
});

watch("value", update);
update();
box.value = readDraft();
fit();
