"""What stands in the row of the tabs beside them; `assets/head.js` puts it there and fills it."""

from __future__ import annotations

from configs.version import version
from ui.core.icons import icon

MARK = (
    '<svg viewBox="0 0 20 20" aria-hidden="true">'
    '<rect x="1" y="8" width="2.5" height="9" rx="1.2" fill="#6366f1"/>'
    '<rect x="5" y="5" width="2.5" height="12" rx="1.2" fill="#0ea5e9"/>'
    '<rect x="9" y="3" width="2.5" height="14" rx="1.2" fill="#14b8a6"/>'
    '<rect x="13" y="6" width="2.5" height="11" rx="1.2" fill="#f59e0b"/>'
    '<rect x="17" y="10" width="2.5" height="7" rx="1.2" fill="#ec4899"/></svg>'
)

START = f"""<div class="q-head-start"><a class="q-skip" href="#main">Skip to the work</a>
<button type="button" class="q-ib" id="q-menu" data-key="sidebar" aria-label="Sidebar" title="Sidebar (Ctrl B)"
aria-expanded="true">{icon("menu")}</button>
<h1 class="q-brand">{MARK}<span>Quintet</span></h1></div>"""

END = f"""<div class="q-head-end"><button type="button" class="q-mem" id="q-mem" data-key="memory"
aria-haspopup="dialog" aria-expanded="false"><span class="q-mem-words"></span><span class="q-mem-short"></span>
<span class="q-mem-bars"></span><span class="q-sr">Open the memory panel</span></button>
<button type="button" class="q-ib" id="q-settings-open" data-key="settings" aria-haspopup="dialog"
aria-label="Settings" title="Settings (Ctrl ,)">{icon("settings")}</button></div>"""

_CLOSE = (
    '<button type="button" class="q-ib" data-close-dialog aria-label="Close (Esc)">'
    f"{icon('close')}</button>"
)

KEYS = f"""<dialog id="q-keys" class="q-dialog" aria-labelledby="q-keys-title">
<header><h2 id="q-keys-title">Keys</h2>{_CLOSE}</header><dl class="q-map"></dl></dialog>"""

_THEMES = "".join(
    f'<label><input type="radio" name="q-theme" value="{value}"><span>{word}</span></label>'
    for value, word in (("system", "As the system"), ("light", "Light"), ("dark", "Dark"))
)


SETTINGS = f"""<dialog id="q-settings" class="q-dialog" aria-labelledby="q-settings-title">
<header><h2 id="q-settings-title">Settings</h2>{_CLOSE}</header>
<fieldset class="q-seg"><legend>Theme</legend><div>{_THEMES}</div></fieldset>
<p>Keyboard <button type="button" class="q-b" data-key="map">{icon("keyboard")}Keyboard map</button></p>
<p>Interface for programs <a data-address="docs" href="docs" target="_blank" rel="noopener">docs</a></p>
<p>Version <span>Quintet {version()}, on this machine</span></p></dialog>"""


HEAD = (
    f'{START}{END}<div class="q-tip" role="tooltip" id="q-tip" hidden><b></b><span></span></div>'
    '<div class="q-tab-words" hidden></div><p class="q-sr" role="status" id="q-head-said"></p>'
    f"{KEYS}{SETTINGS}"
)
