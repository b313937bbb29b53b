"""Files → text, section by section. One reader per format; none of them knows about retrieval."""
