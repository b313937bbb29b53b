"""One script per number we claim. `make bench` runs them all and writes results/."""
