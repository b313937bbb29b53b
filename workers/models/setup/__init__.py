"""The first minutes: the set of models that is recommended for this machine, fetched and put to use."""
