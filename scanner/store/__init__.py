"""Snapshots and history on disk."""
