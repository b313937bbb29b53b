"""The pool: five workers, one event loop that owns all of their state."""
