"""May this principal do this to this key? Reads policy documents; knows no graph."""
