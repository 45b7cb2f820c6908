"""The key graph: which key protects what, where its material lives, and who can reach it.

The only package that imports networkx.
"""
