"""Who asked too much hears so, whatever becomes of the offer."""

from __future__ import annotations

import pytest

from configs.catalogue import ModelCard, load_catalogue
from configs.errors import ConfigError
from workers.messages.errors import LoadError
from workers.pool.memory.offer import context_offer
from workers.pool.memory.plan import Plan


@pytest.mark.parametrize("error", [LoadError("The file is damaged."), ConfigError("No such file.")])
def test_what_cannot_be_planned_is_not_offered(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def plan(card: ModelCard) -> Plan:
        raise error

    assert context_offer(load_catalogue()["qwen3-4b"], 9000, plan) is None
    assert str(error) in caplog.text
