"""What a rule may cost: rule files are untrusted input."""

MAX_TEXT = 4096
"""Characters of one expression."""
MAX_NODES = 2000
"""Nodes of the syntax tree of one expression."""
MAX_DEPTH = 64
"""Nesting of one expression, chains of operators and members included."""
MAX_LOOPS = 3
"""`exists`, `all`, `filter` ... inside one another."""
MAX_STEPS = 5_000_000
"""List members looked at by one rule for one subject."""
MAX_SLOW_STEPS = 200_000
"""The same for the three-valued evaluator, which takes microseconds for each."""
MAX_STRING = 65_536
"""Characters of a string that a rule builds."""
MAX_PATTERN = 256
"""Characters of a regular expression."""
MAX_SEARCHED = 4096
"""Characters of a text that a regular expression is tried on."""
