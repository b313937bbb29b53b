"""Programs called `llama-server`, of llama.cpp: where one is on this machine, and what it can do."""
