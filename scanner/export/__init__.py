"""Findings to other systems."""
