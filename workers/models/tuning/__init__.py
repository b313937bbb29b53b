"""How a model is run on this machine: what is chosen for it, measured by whom, remembered where."""
