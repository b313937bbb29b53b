"""The page's look: the tokens of assets/style.css, given to Gradio's own parts as its theme."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from .formulas import katex_names

ASSETS = Path(__file__).parents[2] / "assets"

FONT = ["-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "Arial", "system-ui"]
"""Of the system: nothing is fetched, and text appears at once."""
FONT_MONO = ["ui-monospace", "SF Mono", "Cascadia Mono", "Liberation Mono", "Menlo"]

COLOURS = {
    "bg": [
        "body_background_fill", "background_fill_primary", "block_label_background_fill",
        "button_primary_text_color_hover",
    ],
    "raise": [
        "block_background_fill", "input_background_fill", "input_background_fill_focus",
        "input_background_fill_hover", "button_secondary_background_fill",
        "button_cancel_background_fill", "checkbox_background_color",
        "checkbox_background_color_focus", "checkbox_background_color_hover",
        "checkbox_label_background_fill", "table_even_background_fill", "stat_background_fill",
    ],
    "sub": [
        "background_fill_secondary", "panel_background_fill", "table_odd_background_fill",
        "code_background_fill",
    ],
    "hover": [
        "button_secondary_background_fill_hover", "button_cancel_background_fill_hover",
        "checkbox_label_background_fill_hover",
    ],
    "line": [
        "border_color_primary", "block_border_color", "block_label_border_color",
        "panel_border_color", "table_border_color", "button_secondary_border_color",
        "button_secondary_border_color_hover", "button_cancel_border_color",
        "button_cancel_border_color_hover", "checkbox_label_border_color",
        "checkbox_label_border_color_hover",
    ],
    "edge": [
        "input_border_color", "input_border_color_hover", "checkbox_border_color",
        "checkbox_border_color_hover",
    ],
    "ink": [
        "body_text_color", "button_secondary_text_color", "button_secondary_text_color_hover",
        "button_cancel_text_color", "button_cancel_text_color_hover", "block_title_text_color",
        "checkbox_label_text_color", "table_text_color", "accordion_text_color",
    ],
    "ink2": ["body_text_color_subdued", "block_label_text_color"],
    "ink3": ["block_info_text_color", "input_placeholder_color"],
    "acc": [
        "color_accent", "slider_color", "loader_color", "button_primary_background_fill",
        "button_primary_border_color", "checkbox_background_color_selected",
        "checkbox_border_color_selected",
    ],
    "acc-ink": [
        "button_primary_background_fill_hover", "button_primary_border_color_hover",
        "link_text_color", "link_text_color_hover", "link_text_color_active",
        "link_text_color_visited", "border_color_accent", "input_border_color_focus",
        "checkbox_border_color_focus", "checkbox_label_text_color_selected",
    ],
    "acc-soft": [
        "color_accent_soft", "border_color_accent_subdued", "table_row_focus",
        "checkbox_label_background_fill_selected",
    ],
    "acc-on": ["button_primary_text_color"],
    "bad": ["error_text_color", "error_icon_color", "error_border_color"],
    "bad-soft": ["error_background_fill"],
}  # fmt: skip
"""Which token gives which of Gradio's colours, in both themes."""

RADII = gr.themes.sizes.Size(
    name="q-radius", xxs="2px", xs="4px", sm="8px", md="8px", lg="8px", xl="12px", xxl="16px"
)
SPACES = gr.themes.sizes.Size(
    name="q-space", xxs="1px", xs="2px", sm="4px", md="8px", lg="8px", xl="12px", xxl="16px"
)
TYPE = gr.themes.sizes.Size(
    name="q-text", xxs="12px", xs="12px", sm="13px", md="14px", lg="15px", xl="16px", xxl="24px"
)

SHAPES = {
    "block_radius": "12px", "container_radius": "12px", "button_large_padding": "0 16px",
    "button_medium_padding": "0 12px", "button_small_padding": "0 12px",
    "button_large_text_size": "14px", "button_medium_text_size": "14px",
    "button_small_text_size": "14px", "button_large_text_weight": "500",
    "button_medium_text_weight": "500", "button_small_text_weight": "500",
    "button_border_width": "1px", "input_border_width": "1px", "input_padding": "8px 12px",
    "prose_text_size": "15px", "body_text_size": "15px", "block_title_text_weight": "500",
    "shadow_drop": "none", "shadow_drop_lg": "none",
}  # fmt: skip
"""What of the design's type, space and radii is no step of a scale."""


def build_theme() -> gr.themes.Base:
    """Return the theme; every colour is a token, which knows both themes itself."""
    colours = {name: f"var(--{token})" for token, names in COLOURS.items() for name in names}
    theme = gr.themes.Base(
        font=FONT, font_mono=FONT_MONO, radius_size=RADII, spacing_size=SPACES, text_size=TYPE
    )
    dark = {f"{name}_dark": value for name, value in colours.items()}
    known = {name: value for name, value in dark.items() if hasattr(theme, name)}
    return theme.set(**colours, **known, **SHAPES)


def style_sheets() -> list[Path]:
    """Return every style sheet, ours first, then one per part of the page."""
    own = ASSETS / "style.css"
    return [own, *(path for path in sorted(ASSETS.glob("*.css")) if path != own)]


SCRIPTS = (
    "acts.js",
    "remote-pictures.js",
    "frame.js",
    "settings.js",
    "keys.js",
    "code.js",
    "math.js",
    "tools.js",
)
"""Of `assets/`, what the page runs besides Gradio's own and its parts'."""


ABOUT_NAMES = (("name", "description"), ("property", "og:description"))
ABOUT = "Text, speech, pictures and documents with local models, on this machine."


def scripts() -> str:
    """Return them, and what the page is about, as a piece of the page's head."""
    texts = ((ASSETS / name).read_text("utf-8") for name in SCRIPTS)
    about = (f'<meta {kind}="{name}" content="{ABOUT}">' for kind, name in ABOUT_NAMES)
    katex = f'<meta name="quintet-katex" content="{" ".join(katex_names())}">'
    return "".join([*about, katex, *(f"<script>{text}</script>" for text in texts)])
