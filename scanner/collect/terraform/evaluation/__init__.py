"""Settles what a plan leaves open, by the source it was made from and the values that the plan does know.

A value is worked out only where every part of it is known; whatever is not is unknown, with its reason, and stays so
through every operation. Nothing is guessed, no provider is asked and nothing outside the source is read.
"""
