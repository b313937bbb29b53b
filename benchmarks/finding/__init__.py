"""How well questions find the passage that answers them: what is measured, on which files, by what."""
