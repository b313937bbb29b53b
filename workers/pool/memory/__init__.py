"""Memory: what models need, what there is, and who has to make room."""
