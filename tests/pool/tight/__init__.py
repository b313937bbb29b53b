"""Real processes that take real memory, under budgets too tight for all of them."""
