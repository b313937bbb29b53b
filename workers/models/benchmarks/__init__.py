"""What benchmarks of models have measured on this machine."""
