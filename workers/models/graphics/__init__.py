"""Graphics cards: what this machine has, which build of llama.cpp fits it, and how that is installed."""
