"""Reading the tests is cheap: no model library is loaded, no pool or server started."""

from __future__ import annotations

import pytest

from tests.collected import COLLECTED


def test_no_module_loads_a_model_library_when_it_is_read(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.stash[COLLECTED].libraries == ()


def test_no_module_starts_a_process_when_it_is_read(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.stash[COLLECTED].children == ()
