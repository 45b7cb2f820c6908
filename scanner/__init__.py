"""keyproof: where does each AWS KMS key live, what does it protect, and who can use it?"""

__version__ = "0.1.0"
