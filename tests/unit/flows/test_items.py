"""The items of lists, as models write them."""

from __future__ import annotations

import pytest

from workers.flows.turns.items import items_of

LISTS = [
    ("- one\n- two", ("one", "two")),
    ("Plan:\n\n1. one\n2. two\n\nDone.", ("one", "two")),
    ("1) one\n2) two", ("one", "two")),
    ("* one\n\n+ two\n• three", ("one", "two", "three")),
    ("First list:\n- one\n- two\n\nSecond list:\n1. three", ("one", "two", "three")),
    ("- one\n  - nested", ("one", "nested")),
    ("1. **Bold** step: 3.5 kg - not 4\r\n", ("**Bold** step: 3.5 kg - not 4",)),
    ("1. a 2. b", ("a", "b")),
    ("Plan: 1. buy eggs, 2. boil them 3. eat", ("buy eggs", "boil them", "eat")),
    ("(1) a (2) b", ("a", "b")),
    ("1. see section 2. Then go\n2. rest", ("see section 2. Then go", "rest")),
    ("Step 1: do\nStep 2: eat", ("do", "eat")),
    ("**Step 1:** do\n**2. Cook** it", ("do", "Cook it")),
    ("- [ ] tick\n- [x] tock", ("tick", "tock")),
    ("1.Buy\n2、买", ("Buy", "买")),
    ("### 1. Head\n> - quoted", ("Head", "quoted")),
    ("No list at all.\n--- \n3.5 is a number\n-dash", ()),
    ("Version 1. 5 items", ()),
    ("**bold** and no list", ()),
    ("-  \n1. \n", ()),
    ("", ()),
]


@pytest.mark.parametrize(("text", "items"), LISTS)
def test_the_items_of_all_lists_are_read(text: str, items: tuple[str, ...]) -> None:
    assert items_of(text) == items
