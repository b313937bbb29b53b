"""What comes of files that are attached to questions, before a model says a word."""
