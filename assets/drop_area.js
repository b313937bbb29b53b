// An area that takes files: chosen, dropped, or pasted while its tab is seen. Uploads one after the
// other and says how far it is. Runs as gr.HTML's js_on_load: element, trigger.

const MAX_FILES = 500; // as in ui/core/drop_area.py
const area = element.querySelector(".q-drop");
const input = area.querySelector("input");
const state = area.querySelector(".q-drop-state");
const button = area.querySelector("button");
const isSeen = () => element.isConnected && element.offsetParent !== null;

const uploadUrl = () => {
  const config = window.gradio_config || {};
  const root = config.root || new URL(".", document.baseURI).href.replace(/\/$/, "");
  return `${root}${config.api_prefix || "/gradio_api"}/upload`;
};

function say(text, isError = false) {
  state.textContent = text;
  state.classList.toggle("q-bad", isError);
}

function sent(file, place) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("files", file);
    const call = new XMLHttpRequest();
    call.open("POST", uploadUrl());
    call.upload.onprogress = (event) => {
      if (event.lengthComputable) say(`${place}${file.name}: ${Math.floor((100 * event.loaded) / event.total)} % sent`);
    };
    call.onload = () => {
      let answer = null;
      try { answer = JSON.parse(call.responseText); } catch { /* no JSON: the status says it */ }
      if (call.status === 200 && Array.isArray(answer)) resolve(answer[0]);
      else reject(new Error(answer?.detail || (call.status === 413 ? "it is too large" : `the server answered ${call.status}`)));
    };
    call.onerror = () => reject(new Error("the server cannot be reached"));
    call.send(form);
  });
}

async function take(files) {
  const chosen = [...files];
  if (!chosen.length) return;
  if (area.dataset.busy) { say(`${chosen[0].name} was not taken: the files before it are still being sent.`, true); return; }
  if (chosen.length > MAX_FILES) { say(`${chosen.length} files were chosen; at most ${MAX_FILES} are taken at once.`, true); return; }
  area.dataset.busy = "yes";
  const paths = [], refused = [];
  for (const [number, file] of chosen.entries()) {
    const place = chosen.length > 1 ? `${number + 1} of ${chosen.length}, ` : "";
    say(`${place}${file.name}: sending`);
    try { paths.push(await sent(file, place)); } catch (error) { refused.push(`${file.name} was not sent: ${error.message}.`); }
  }
  delete area.dataset.busy;
  say(refused.join(" "), true);
  if (paths.length) trigger("upload", { files: paths });
}

// A folder is dropped as one item: its files are looked up, at any depth.
async function dropped(items) {
  const files = [];
  const walk = async (entry) => {
    if (entry.isFile) files.push(await new Promise((ok, no) => entry.file(ok, no)));
    else {
      const reader = entry.createReader();
      for (let some = await read(reader); some.length; some = await read(reader)) for (const one of some) await walk(one);
    }
  };
  const read = (reader) => new Promise((ok, no) => reader.readEntries(ok, no));
  for (const entry of items.map((item) => item.webkitGetAsEntry?.()).filter(Boolean)) await walk(entry);
  return files;
}

element.quintetTake = take;
button.addEventListener("click", () => input.click());
input.addEventListener("change", () => { take(input.files); input.value = ""; });
const target = (area.dataset.within && document.getElementById(area.dataset.within)) || area;
for (const kind of ["dragenter", "dragover"]) {
  target.addEventListener(kind, (event) => { event.preventDefault(); target.dataset.over = "yes"; });
}
for (const kind of ["dragleave", "drop"]) target.addEventListener(kind, () => { delete target.dataset.over; });
target.addEventListener("drop", async (event) => {
  event.preventDefault();
  const plain = [...event.dataTransfer.files], items = [...event.dataTransfer.items];
  const found = await dropped(items).catch(() => []);
  take(found.length ? found : plain);
});
document.addEventListener("paste", (event) => {
  if (isSeen() && event.clipboardData?.files.length) { event.preventDefault(); take(event.clipboardData.files); }
});
