"""Gradio, imported without what this page never uses: half of the processor time that it takes otherwise.

`import gradio` writes a type stub for each of its components, again at every start (1.0 s), and
imports the protocol library of its own MCP server, which stays off (0.4 s), and pandas, for tables
that this page does not have (0.4 s). Here the stubs stay as they are, Gradio is told that there is no
MCP library, which it is made to live without, and pandas is imported when Gradio first asks it for
something. All of that ends with the import; who else imports these libraries gets them as always.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

GRADIO = "gradio"
STUBS, WRITER = "gradio.component_meta", "create_or_modify_pyi"
"""The module that writes stubs, and its function for one component."""
UNUSED = "mcp"
LATER = "pandas"


def import_lean() -> None:
    """Let the next `import gradio` be a lean one; nothing happens if there was one already."""
    if GRADIO not in sys.modules and not any(isinstance(f, _Finder) for f in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Puts a loader of ours around those of two modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module that is loaded otherwise here; None for all others."""
        if fullname not in (GRADIO, STUBS):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Around(spec.loader)
        return spec


class _Around(Loader):
    """Loads a module with its own loader, which the module then seems to have been loaded by."""

    def __init__(self, own: Loader) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Return what its own loader does."""
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module. Raises: whatever it raises."""
        module.__loader__ = self._own
        if module.__spec__ is not None:
            module.__spec__.loader = self._own
        if module.__name__ == STUBS:
            self._own.exec_module(module)
            if hasattr(module, WRITER):
                setattr(module, WRITER, lambda *_: None)
            return
        with _without_unused():
            self._own.exec_module(module)


@contextmanager
def _without_unused() -> Iterator[None]:
    """While Gradio is imported."""
    hidden: dict[str, ModuleType | None] = {UNUSED: None, LATER: _Later(LATER)}
    ours = {name: module for name, module in hidden.items() if name not in sys.modules}
    sys.modules.update(ours)  # type: ignore[arg-type] # None: an import of it fails, as documented
    try:
        yield
    finally:
        for name, module in ours.items():
            if sys.modules.get(name, ours) is module:
                del sys.modules[name]
        for finder in [finder for finder in sys.meta_path if isinstance(finder, _Finder)]:
            sys.meta_path.remove(finder)


class _Later(ModuleType):
    """Stands in for a library until somebody wants something of it."""

    def __getattr__(self, name: str) -> object:
        """Return what the library has under this name. Raises: ImportError, AttributeError."""
        if name.startswith("__"):  # the import system asks whether it is whole
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)
