"""How well a collection is found in: questions made from its own passages, asked, measured."""
