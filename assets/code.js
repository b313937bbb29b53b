// Code blocks of every log: their language, Copy, Save, and Run for what a browser runs.
//
// A block gets its bar when it has stood for a quarter of a second: the animation of `code.css` begins
// then, and tells it. While an answer is being written its blocks are made anew with each piece, so that
// none of it costs anything; and nobody watches the page for changes.
//
// What is run lives in a frame of its own origin, without network, windows or forms: `sandbox` and a
// Content-Security-Policy say so, besides that of the page. Chromium gives such a frame a process of its
// own, so that an endless loop freezes that frame alone, and Stop, which takes the frame out, ends it.
// Where a browser gives it none (Firefox, some phones), the page freezes with it until the browser asks.
(() => {
	const ENDINGS = {
		python: "py", py: "py", javascript: "js", js: "js", mjs: "mjs", typescript: "ts", ts: "ts", jsx: "jsx",
		tsx: "tsx", html: "html", htm: "html", xhtml: "html", svg: "svg", xml: "xml", css: "css", scss: "scss",
		json: "json", yaml: "yaml", yml: "yaml", toml: "toml", ini: "ini", sql: "sql", bash: "sh", sh: "sh",
		shell: "sh", zsh: "sh", powershell: "ps1", batch: "bat", c: "c", h: "h", cpp: "cpp", "c++": "cpp",
		csharp: "cs", cs: "cs", "c#": "cs", java: "java", kotlin: "kt", swift: "swift", go: "go", rust: "rs",
		rs: "rs", ruby: "rb", rb: "rb", php: "php", perl: "pl", lua: "lua", r: "r", julia: "jl", scala: "scala",
		haskell: "hs", dart: "dart", markdown: "md", md: "md", latex: "tex", tex: "tex", csv: "csv", diff: "diff",
		dockerfile: "dockerfile", makefile: "mk", mermaid: "mmd", vue: "vue",
	};
	const RUN = { html: "html", htm: "html", xhtml: "html", svg: "svg", js: "js", javascript: "js", mjs: "js" };
	const HEIGHT = { least: 40, most: 480 };
	const MOST_LINES = 200;
	const MOST_LETTERS = 2000;
	const SILENT_MS = 3000;
	const POLICY =
		"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; " +
		"media-src data: blob:; font-src data:; form-action 'none'; base-uri 'none'";
	const STYLE =
		":host{display:block} iframe{display:block;width:100%;border:0;border-top:1px solid #868d9c;background:#fff;" +
		"color-scheme:light} .said{margin:0;padding:8px 12px;max-height:200px;overflow:auto;border-top:1px solid #868d9c;" +
		"font:12px/18px ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;color:inherit} " +
		".said:empty{display:none} .error{font-weight:600}";

	const make = (tag, fields = {}, inside = []) => {
		const element = Object.assign(document.createElement(tag), fields);
		element.append(...inside);
		return element;
	};
	const button = (act, label) => {
		const made = make("button", { type: "button", textContent: label });
		made.dataset.code = act;
		return made;
	};
	const codeOf = (block) => block.querySelector(":scope > pre").textContent.replace(/\n$/, "");
	const languageOf = (block) => {
		const named = /(?:^|\s)language-(\S+)/.exec(block.querySelector(":scope > pre > code")?.className ?? "");
		if (named) return named[1].toLowerCase();
		const code = codeOf(block).trimStart().toLowerCase();
		if (code.startsWith("<!doctype html") || code.startsWith("<html")) return "html";
		return code.startsWith("<svg") ? "svg" : "";
	};
	const kindOf = (block) => {
		const language = languageOf(block);
		return language === "xml" && /<svg[\s>]/i.test(codeOf(block)) ? "svg" : RUN[language];
	};

	// --- the bar ---

	const dress = (pre) => {
		const block = pre.parentElement;
		if (!block?.classList.contains("code_wrap") || block.classList.contains("q-code")) return;
		const bar = make("div", { className: "q-code-bar" }, [
			make("span", { textContent: languageOf(block) || "text" }),
			...(kindOf(block) ? [button("run", "Run")] : []),
			button("copy", "Copy"),
			button("save", "Save"),
		]);
		pre.tabIndex = 0;
		block.classList.add("q-code");
		block.prepend(bar);
		block.append(make("div", { className: "q-code-out" }));
	};
	const says = (pressed, words) => {
		const label = pressed.textContent;
		pressed.textContent = words;
		setTimeout(() => pressed.isConnected && (pressed.textContent = label), 2000);
	};
	const copied = async (text) => {
		if (navigator.clipboard) return navigator.clipboard.writeText(text);
		const area = make("textarea", { value: text, style: "position:fixed;opacity:0" }); // plain HTTP
		document.body.append(area);
		area.select();
		const worked = document.execCommand("copy");
		area.remove();
		if (!worked) throw new Error("refused");
	};
	const copy = (block, pressed) =>
		copied(codeOf(block)).then(() => says(pressed, "Copied"), () => says(pressed, "Not copied: the browser refuses"));
	const save = (block) => {
		const ending = ENDINGS[languageOf(block)] ?? "txt";
		const url = URL.createObjectURL(new Blob([`${codeOf(block)}\n`], { type: "text/plain" }));
		const link = make("a", { href: url, download: `code.${ending}` });
		document.body.append(link);
		link.click();
		link.remove();
		setTimeout(() => URL.revokeObjectURL(url), 10_000);
	};

	// --- the sandbox ---

	// Runs in the frame, before the code: tells the page what is said there and how high it is.
	const inside = () => {
		const tell = parent.postMessage.bind(parent);
		const post = (what) => tell({ ...what, quintet: "code" }, "*");
		for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) delete window[name];
		const shown = (value) => {
			if (typeof value === "string") return value;
			if (value instanceof Error) return String(value);
			try {
				return JSON.stringify(value) ?? String(value);
			} catch {
				return String(value);
			}
		};
		for (const level of ["debug", "log", "info", "warn", "error"]) {
			const own = console[level].bind(console);
			console[level] = (...values) => {
				own(...values);
				post({ said: values.map(shown).join(" ").slice(0, 2000), level });
			};
		}
		addEventListener("error", (event) => {
			const where = event.lineno ? ` (line ${event.lineno})` : "";
			if (event.message) post({ said: `${event.message}${where}`, level: "error" });
		});
		addEventListener("unhandledrejection", (event) => post({ said: `Not caught: ${shown(event.reason)}`, level: "error" }));
		addEventListener("securitypolicyviolation", (event) =>
			post({ said: `No network here: ${event.blockedURI} was not asked.`, level: "error" }),
		);
		const refuse = () => post({ said: "Forms are not sent from here.", level: "error" });
		HTMLFormElement.prototype.submit = refuse; /* the browser refuses too, and then keeps a hanging frame's process */
		addEventListener("submit", (event) => (event.preventDefault(), refuse()), true);
		const measure = () => {
			const { body, documentElement: root } = document;
			post({ height: Math.max(root.getBoundingClientRect().height, body?.scrollHeight ?? 0) });
		};
		addEventListener("load", measure);
		new ResizeObserver(measure).observe(document.documentElement);
		setInterval(measure, 1000); /* it lives; and what is out of sight may have been measured too early */
	};
	// One line, so that the line numbers of errors are the code's own.
	const head =
		`<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">` +
		'<meta http-equiv="x-dns-prefetch-control" content="off"><meta name="referrer" content="no-referrer">' +
		`<script>(${inside.toString().replace(/\n\s*/g, " ").replaceAll("</", "<\\/")})()</` + "script>";
	const documentOf = (code, kind) => {
		if (kind === "html") return head + code;
		if (kind === "svg") return `${head}<body style="margin:0">${code}`;
		const words = JSON.stringify(code).replaceAll("<", "\\u003c");
		const begin = `document.body.append(Object.assign(document.createElement("script"), { textContent: ${words} }))`;
		return `${head}<body><script>${begin}</` + "script>";
	};

	const running = new Map(); // host of a preview → what ends it
	const stop = (block) => running.get(block.querySelector(":scope > .q-code-out"))?.();
	const run = (block, pressed) => {
		// One at a time: frames without an origin share a process, and one that hangs would hang the other.
		for (const endOther of [...running.values()]) endOther();
		const host = block.querySelector(":scope > .q-code-out");
		// A shadow: Gradio's comparison of old and new HTML does not see it, and the page's styles end there.
		const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
		const frame = make("iframe", { title: "Preview", srcdoc: documentOf(codeOf(block), kindOf(block)) });
		frame.setAttribute("sandbox", "allow-scripts");
		frame.setAttribute("referrerpolicy", "no-referrer");
		frame.style.height = `${HEIGHT.least}px`;
		const said = make("div", { className: "said" });
		said.setAttribute("role", "log");
		const state = make("div", { className: "said state" });
		state.setAttribute("role", "status");
		root.replaceChildren(make("style", { textContent: STYLE }), frame, said, state);
		let heard = Date.now();
		const hear = ({ source, data }) => {
			if (source !== frame.contentWindow || data?.quintet !== "code") return;
			heard = Date.now();
			if (typeof data.height === "number") {
				const height = Math.min(Math.max(Math.ceil(data.height), HEIGHT.least), HEIGHT.most);
				frame.style.height = `${height}px`;
			}
			if (typeof data.said === "string") write(said, data);
		};
		const look = setInterval(() => {
			if (!host.isConnected) return end();
			const isSilent = Date.now() - heard > SILENT_MS && !document.hidden;
			state.textContent = isSilent ? "It does not answer. Stop ends it." : "";
		}, 1000);
		const end = () => {
			clearInterval(look);
			removeEventListener("message", hear);
			root.replaceChildren();
			running.delete(host);
			const shown = block.querySelector('.q-code-bar [data-code="stop"]');
			if (shown) Object.assign(shown, { textContent: "Run" }).dataset.code = "run";
		};
		addEventListener("message", hear);
		running.set(host, end);
		Object.assign(pressed, { textContent: "Stop" }).dataset.code = "stop";
	};
	const write = (said, { said: words, level }) => {
		if (said.childElementCount > MOST_LINES) return;
		const isFull = said.childElementCount === MOST_LINES;
		const line = make("div", { textContent: isFull ? "More is not shown." : words.slice(0, MOST_LETTERS) });
		line.className = level === "error" ? "error" : "";
		said.append(line);
		said.scrollTop = said.scrollHeight;
	};

	const ACTS = { copy, save, run, stop };
	document.addEventListener("animationstart", ({ animationName, target }) => {
		if (animationName === "q-code-stands") dress(target);
	});
	document.addEventListener("click", ({ target }) => {
		const pressed = target.closest?.(".q-code-bar > [data-code]");
		if (pressed) ACTS[pressed.dataset.code]?.(pressed.closest(".q-code"), pressed);
	});
})();
