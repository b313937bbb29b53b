// The recorder of Speech in: one button, the level, the time. What is recorded goes to the server as a WAV of
// 16 kHz, by the drop area below: one way for all sound. Runs as gr.HTML's js_on_load.

const RATE_HZ = 16000;
const BARS = 96;
const recorder = element.querySelector(".q-recorder");
const button = recorder.querySelector(".q-record");
const title = recorder.querySelector("h2");
const hint = recorder.querySelector(".q-recorder-hint");
const fault = recorder.querySelector(".q-recorder-error");
const canvas = recorder.querySelector("canvas");
const words = { title: title.textContent, hint: hint.textContent };
const panel = element.closest('[role="tabpanel"]');
const dropArea = () => document.querySelector("#stt-add .q-drop");
const taker = () => { for (let node = dropArea(); node; node = node.parentElement) if (node.quintetTake) return node.quintetTake; };

let media = null, pieces = [], context = null, analyser = null, begun = 0, levels = [], timer = null;

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function show(state) {
  recorder.dataset.state = state;
  button.setAttribute("aria-label", state === "recording" ? "Stop recording" : "Record");
  title.textContent = state === "recording" ? "Recording 0:00" : state === "ending" ? "Making the file" : words.title;
  hint.textContent = state === "recording" ? "Stop finishes the text by itself" : state === "ending" ? "" : words.hint;
  const row = document.getElementById("stt-export"); // it belongs to the recording before
  if (row) row.inert = state === "recording";
  panel?.classList.toggle("q-recording", state !== "idle");
}

const WHY = {
  NotAllowedError: "The browser does not let this page use the microphone. Allow it in the address bar, then press again.",
  NotFoundError: "No microphone was found. Connect one, then press again.",
  NotReadableError: "Another program is using the microphone. Close it there, then press again.",
};

async function start() {
  fault.textContent = "";
  if (!navigator.mediaDevices?.getUserMedia) {
    fault.textContent = "Browsers give a microphone only to pages at localhost or over https. Drop a file instead.";
    return;
  }
  let stream;
  try { stream = await navigator.mediaDevices.getUserMedia({ audio: true }); } catch (error) {
    fault.textContent = WHY[error.name] || `The microphone could not be used: ${error.message}.`;
    return;
  }
  media = new MediaRecorder(stream);
  pieces = [];
  media.ondataavailable = (event) => { if (event.data.size) pieces.push(event.data); };
  media.onstop = () => end(stream);
  context = new AudioContext();
  analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  [begun, levels] = [performance.now(), []];
  media.start(1000);
  show("recording");
  timer = setInterval(tick, 100);
}

async function end(stream) {
  clearInterval(timer);
  for (const track of stream.getTracks()) track.stop();
  await context.close();
  show("ending");
  const blob = new Blob(pieces, { type: media.mimeType });
  [media, pieces] = [null, []];
  const now = new Date(), two = (n) => String(n).padStart(2, "0");
  const name = `recording-${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  let file;
  try { file = new File([wav(await decoded(blob))], `${name}.wav`, { type: "audio/wav" }); } catch {
    file = new File([blob], `${name}.webm`, { type: blob.type }); // too long for the browser's memory: the server reads it as it is
  }
  show("idle");
  await taker()?.([file]);
}

const decoded = async (blob) => new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(await blob.arrayBuffer());

function wav(sound) {
  const channels = Array.from({ length: sound.numberOfChannels }, (_, n) => sound.getChannelData(n));
  const bytes = new DataView(new ArrayBuffer(44 + 2 * sound.length));
  const text = (at, value) => [...value].forEach((char, n) => bytes.setUint8(at + n, char.charCodeAt(0)));
  text(0, "RIFF"); bytes.setUint32(4, 36 + 2 * sound.length, true); text(8, "WAVEfmt ");
  [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, RATE_HZ, 4], [28, 2 * RATE_HZ, 4], [32, 2, 2], [34, 16, 2]].forEach(
    ([at, value, size]) => (size === 4 ? bytes.setUint32(at, value, true) : bytes.setUint16(at, value, true)),
  );
  text(36, "data"); bytes.setUint32(40, 2 * sound.length, true);
  for (let i = 0; i < sound.length; i++) {
    const value = channels.reduce((sum, channel) => sum + channel[i], 0) / channels.length;
    bytes.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, value)) * 32767, true);
  }
  return bytes.buffer;
}

function tick() {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  levels.push(Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length));
  levels = levels.slice(-BARS);
  title.textContent = `Recording ${clock((performance.now() - begun) / 1000)}`;
  const draw = canvas.getContext("2d");
  canvas.width = canvas.clientWidth;
  draw.fillStyle = getComputedStyle(recorder).getPropertyValue("--stt");
  const step = canvas.width / BARS;
  levels.forEach((level, n) => {
    const height = Math.max(2, Math.min(1, 6 * level) * canvas.height);
    draw.fillRect(n * step, (canvas.height - height) / 2, Math.max(1, step / 2), height);
  });
}

// Options, and a new recording from the sidebar.
const optionsButton = () => document.getElementById("stt-options-open");
function showOptions(isOpen) {
  const opens = optionsButton();
  if (!opens) { requestAnimationFrame(() => showOptions(isOpen)); return; } // it may be drawn after this script runs
  panel.dataset.options = isOpen ? "open" : "closed";
  opens.setAttribute("aria-controls", "stt-options");
  opens.setAttribute("aria-expanded", String(isOpen));
}
if (panel) showOptions(panel.dataset.options === "open");
panel?.addEventListener("click", (event) => {
  if (event.target.closest("#stt-options-open")) showOptions(panel.dataset.options !== "open");
});
panel?.addEventListener("click", (event) => {
  if (!event.target.closest(".q-stt-new") || recorder.dataset.state !== "idle") return;
  if (matchMedia("(max-width: 720px)").matches) document.getElementById("q-menu")?.click(); // the drawer lies over it
  button.focus();
  start();
});

button.addEventListener("click", () => {
  if (media) media.stop();
  else if (recorder.dataset.state === "idle") start();
});
panel?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (media) media.stop();
  else document.querySelector("#stt-stop")?.click();
});
// On a phone the drawer lies over what was chosen in it.
panel?.addEventListener("change", (event) => {
  const isOver = matchMedia("(max-width: 720px)").matches && event.target.closest("#stt-files");
  if (isOver) document.getElementById("q-menu")?.click();
});
// The whole place takes what is dropped, not the small area alone.
const place = document.getElementById("stt-input");
for (const kind of ["dragover", "drop"]) {
  place?.addEventListener(kind, (event) => {
    const area = dropArea();
    if (!area || area.contains(event.target)) return;
    event.preventDefault();
    if (kind === "dragover") place.dataset.over = "yes";
    if (kind === "drop") taker()?.(event.dataTransfer.files);
  });
}
for (const kind of ["dragleave", "drop"]) place?.addEventListener(kind, () => { delete place.dataset.over; });
