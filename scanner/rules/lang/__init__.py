"""The language of rules: a strict subset of CEL over the facts of the key graph.

Text becomes tokens (`tokens`), a syntax tree (`parser`), typed terms (`checker`), and then both a Python
function (`codegen`, the fast path) and the input of the three-valued evaluator (`kleene`, the reference).
"""
