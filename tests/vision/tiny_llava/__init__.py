"""A vision-language model of 1.4 million parameters that answers rightly about drawn shapes.

`weights/` was made by `python -m tests.vision.tiny_llava.train --out DIR` (about ten minutes on
two cores). It has the architecture of LLaVA-1.5 with a SigLIP tower, so the path from pixels to
words is tested for meaning through the same classes that run the large models.
"""
