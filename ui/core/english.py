"""Gradio's own words in English, as the page's are: else they follow the browser's language, and two are mixed.

svelte-i18n asks `navigator.language` once, when the page starts, and Gradio has no setting for it. What
`gr.Blocks(head=…)` adds runs later than that, so the answer is put into Gradio's template.
"""

from __future__ import annotations

from collections.abc import Callable

from gradio import routes
from jinja2 import BaseLoader, Environment

SCRIPT = '<script>Object.defineProperty(navigator, "language", { get: () => "en" });</script>'
PLACE = "<head>"


class EnglishLoader(BaseLoader):
    """Gradio's templates, with the script first in their head."""

    def __init__(self, own: BaseLoader) -> None:
        """`own`: what finds the templates."""
        self._own = own

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """See jinja2. Raises: TemplateNotFound."""
        source, name, is_fresh = self._own.get_source(environment, template)
        return source.replace(PLACE, f"{PLACE}{SCRIPT}", 1), name, is_fresh


def use_english() -> None:
    """From now on; more than once is once."""
    environment = routes.templates.env
    if environment.loader is not None and not isinstance(environment.loader, EnglishLoader):
        environment.loader = EnglishLoader(environment.loader)
