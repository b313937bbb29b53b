// Formulas in the HTML that the server has made of Markdown (`ui/core/written.py`): set by KaTeX as Gradio
// brings it, from the same files as the formulas of its own chat log. The animation of `code.css` tells
// when one has stood for a quarter of a second. Where the files are missing, a formula stays as it was written.
(() => {
	const names = document.querySelector('meta[name="quintet-katex"]')?.content.split(" ") ?? [];
	const DELIMITERS = [
		{ left: "$$", right: "$$", display: true },
		{ left: "\\[", right: "\\]", display: true },
		{ left: "\\(", right: "\\)", display: false },
	]; // as in written.py
	let loading = null;
	const load = async () => {
		const gradio = document.querySelector('script[type="module"][src*="assets/"]').src;
		const [script, href] = names.map((name) => new URL(name, gradio).href);
		const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
		document.head.append(sheet); // fonts are known to the page, or not at all
		return { render: (await import(script)).default, sheet };
	};
	const place = () =>
		[...document.querySelector(".gradio-container").classList].find((name) => /^gradio-container-\d/.test(name)) ?? "";
	// In a shadow, for Gradio puts its own elements back to what the server wrote, again and again.
	const draw = (formula, { render, sheet }) => {
		const drawn = Object.assign(document.createElement("span"), { textContent: formula.textContent });
		render(drawn, { delimiters: DELIMITERS, throwOnError: false });
		drawn.className = place(); // Gradio's sheets hold within its own element alone
		formula.shadowRoot.replaceChildren(sheet.cloneNode(), drawn);
	};
	const set = async (formula) => {
		if (names.length !== 2 || formula.shadowRoot) return;
		try {
			loading ??= load();
			const katex = await loading;
			if (formula.shadowRoot) return;
			formula.attachShadow({ mode: "open" });
			draw(formula, katex);
			const changed = new MutationObserver(() => draw(formula, katex));
			changed.observe(formula, { childList: true, characterData: true, subtree: true });
		} catch {
			loading = null; // the connection was lost: with the next formula
		}
	};
	document.addEventListener("animationstart", ({ animationName, target }) => {
		if (animationName === "q-math-stands") set(target);
	});
})();
