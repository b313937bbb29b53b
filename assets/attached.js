// Files of the composer: chosen, dropped anywhere on the tab, or pasted; a chip each with how far the upload
// is, how the file will be read, or why it is refused. And chips of citations in answers, which open their
// passage. Runs as gr.HTML's js_on_load, before composer.js in one function: that reads `attached`.

const attached = (() => {
  const chips = element.querySelector(".q-chips");
  const input = element.querySelector(".q-attach-input");
  const symbol = (name) => element.querySelector(`template.q-${name}`).innerHTML;
  const isSeen = () => element.isConnected && element.offsetParent !== null;
  let rules = {}; // how kinds are read, and bounds, as the server says
  let items = []; // { name, bytes, kind, path, refused, share, call }
  const self = { changed: () => {} };

  const sizeWords = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
  function kindOf(file) {
    if (file.type.startsWith("image/") && file.type !== "image/svg+xml") return "picture";
    return file.type.startsWith("audio/") || file.type.startsWith("video/") ? "audio" : "document";
  }
  function refusal(file) {
    if (file.size === 0) return "empty (0 bytes)";
    if (rules.max_bytes && file.size > rules.max_bytes) return `too large: at most ${sizeWords(rules.max_bytes)}`;
    const taken = items.filter((one) => !one.refused).length;
    return rules.max_files && taken >= rules.max_files ? `one too many: a question takes ${rules.max_files}` : "";
  }

  // --- uploads ---

  const uploadUrl = () => {
    const config = window.gradio_config || {};
    const root = config.root || new URL(".", document.baseURI).href.replace(/\/$/, "");
    return `${root}${config.api_prefix || "/gradio_api"}/upload`;
  };
  function take(files) {
    for (const file of files) {
      const item = { name: file.name || "pasted.png", bytes: file.size, kind: kindOf(file), path: "", refused: refusal(file), share: 0 };
      items.push(item);
      if (!item.refused) start(item, file);
    }
    draw();
    document.getElementById("chat-input")?.focus();
  }
  function start(item, file) {
    const form = new FormData(), call = new XMLHttpRequest();
    form.append("files", file, item.name);
    item.call = call;
    call.open("POST", uploadUrl());
    call.upload.onprogress = (event) => {
      if (event.lengthComputable) item.share = event.loaded / event.total;
      drawStates();
    };
    call.onload = () => {
      let answer = null;
      try { answer = JSON.parse(call.responseText); } catch { /* no JSON: the status says it */ }
      if (call.status === 200 && Array.isArray(answer)) item.path = answer[0];
      else item.refused = answer?.detail || (call.status === 413 ? "too large" : `not sent: the server answered ${call.status}`);
      draw();
    };
    call.onerror = () => { item.refused = "not sent: the server cannot be reached"; draw(); };
    call.send(form);
  }
  function remove(item) {
    if (!item.path) item.call?.abort();
    items = items.filter((one) => one !== item);
    draw();
    document.getElementById("chat-input")?.focus();
  }

  // --- chips ---

  function words(item) {
    if (item.refused) return item.refused;
    if (!item.path) return `${Math.floor(100 * item.share)} % sent`;
    return [sizeWords(item.bytes), rules[item.kind]].filter(Boolean).join(" · ");
  }
  function draw() {
    chips.hidden = !items.length;
    chips.replaceChildren(...items.map((item) => {
      const chip = document.createElement("li");
      chip.className = `q-file${item.refused ? " q-bad" : ""}`;
      chip.innerHTML = `${symbol(`kind-${item.kind}`)}<span><b></b> <small role="status"></small></span><button type="button" class="q-ib">${symbol("close")}</button>`;
      chip.querySelector("b").textContent = item.name;
      const button = chip.querySelector("button");
      button.setAttribute("aria-label", `Remove ${item.name}`);
      button.title = button.getAttribute("aria-label");
      button.addEventListener("click", () => remove(item));
      return chip;
    }));
    drawStates();
    self.changed();
  }
  function drawStates() {
    items.forEach((item, place) => {
      const state = chips.children[place]?.querySelector("small");
      if (state) state.textContent = words(item);
    });
  }

  // --- where files come from ---

  element.querySelector(".q-attach").addEventListener("click", () => input.click());
  input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    if (!isSeen() || !data?.files.length || data.types.includes("text/plain")) return; // text stays text
    event.preventDefault();
    take([...data.files]);
  });
  const hasFiles = (event) => isSeen() && [...(event.dataTransfer?.types ?? [])].includes("Files");
  const over = (isOver) => element.classList.toggle("q-file-over", isOver);
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    over(true);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
  document.addEventListener("drop", (event) => {
    over(false);
    if (!hasFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });

  // --- citations ---

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('#chat-scroll a[href*="#source-"]');
    if (!link || !element.isConnected) return;
    event.preventDefault();
    const card = document.getElementById(link.getAttribute("href").split("#")[1]);
    const fold = card?.closest("details.q-sources");
    if (!card || !fold) return;
    fold.open = true;
    card.querySelector("details").open = true;
    document.querySelectorAll(".q-passages li.q-shown").forEach((one) => one.classList.remove("q-shown"));
    card.classList.add("q-shown");
    card.scrollIntoView({ block: "nearest" });
    card.querySelector("summary").focus({ preventScroll: true });
  });

  return Object.assign(self, {
    has: () => items.some((item) => item.path && !item.refused),
    isBusy: () => items.some((item) => !item.path && !item.refused),
    files: () => items.filter((item) => item.path && !item.refused).map(({ path, name }) => ({ path, name })),
    clear: () => { items = items.filter((item) => !item.path); draw(); },
    says: (now) => { rules = now ?? rules; drawStates(); },
  });
})();
