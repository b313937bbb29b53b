// A picture that is not of this server is not loaded (the page's Content-Security-Policy says so).
// In its place stands where it is; a click opens it in a new tab. Only attributes are changed: the
// elements belong to the page, which removes them as it put them there.
(() => {
	// Where a picture is; one may be named by a set alone, its own or that of the <picture> around it.
	const addressOf = (picture) => {
		const sets = [picture, ...(picture.closest("picture")?.querySelectorAll("source") ?? [])];
		const first = sets.map((one) => one.srcset?.trim().split(/[\s,]/)[0]).find(Boolean);
		return picture.getAttribute("src") ? picture.src : first ? new URL(first, document.baseURI).href : "";
	};
	const open = (picture) => window.open(addressOf(picture), "_blank", "noopener,noreferrer");
	const isRemote = (element) => {
		if (!(element instanceof HTMLImageElement)) return false;
		const address = addressOf(element);
		return /^https?:/.test(address) && new URL(address).origin !== location.origin;
	};
	const notLoaded = new WeakSet();
	const mark = (picture) => {
		if (!isRemote(picture) || picture.classList.contains("q-remote")) return;
		notLoaded.add(picture);
		const address = addressOf(picture);
		const where = new URL(address).host;
		picture.classList.add("q-remote");
		picture.title = address;
		picture.alt = `Picture${picture.alt ? ` “${picture.alt}”` : ""} at ${where}, not loaded. Click to open it.`;
		picture.tabIndex = 0;
		picture.setAttribute("role", "link");
	};
	// As an answer goes on, Gradio takes from its elements the attributes that it did not write.
	const restore = (changes) => {
		for (const { target } of changes) if (notLoaded.has(target)) mark(target);
	};
	new MutationObserver(restore).observe(document, { subtree: true, attributeFilter: ["class"] });
	const chosen = (event) => {
		const isWanted = event.type === "click" || event.key === "Enter";
		if (!isWanted || !event.target.classList?.contains("q-remote")) return;
		event.preventDefault();
		event.stopPropagation();
		open(event.target);
	};
	document.addEventListener("error", (event) => mark(event.target), true);
	document.addEventListener("click", chosen, true);
	document.addEventListener("keydown", chosen, true);
})();
