"""The parts of `workers.download`, which is their only door."""
