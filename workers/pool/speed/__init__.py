"""How fast a model will be here: predicted before it is loaded, replaced by what was seen in use."""
