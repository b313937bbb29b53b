"""llama.cpp's server as a program of its own, in place of the one in the package xllamacpp."""
