"""Models that other programs keep on this machine: found, and used where they lie. Never copied or deleted."""
