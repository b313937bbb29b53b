"""The page's look: Gradio's own theme with our accent; everything else is in assets/*.css."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).parents[2] / "assets"


def build_theme() -> gr.themes.Base:
    """Return the theme. System fonts: nothing is fetched, and text appears at once."""
    return gr.themes.Default(
        primary_hue=gr.themes.colors.indigo,
        neutral_hue=gr.themes.colors.slate,
        radius_size=gr.themes.sizes.radius_md,
        font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
    ).set(
        body_text_color_subdued="*neutral_500",  # the default is too pale to read on white
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
    )


def style_sheets() -> list[Path]:
    """Return every style sheet, ours first, then one per tab."""
    own = ASSETS / "style.css"
    return [own, *(path for path in sorted(ASSETS.glob("*.css")) if path != own)]


def scripts() -> str:
    """Return what the page runs besides Gradio's own, as a piece of its head."""
    return f"<script>{(ASSETS / 'remote-pictures.js').read_text('utf-8')}</script>"
