"""The parts of `workers.models.downloads.download`, which is their only door."""
