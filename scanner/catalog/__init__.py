"""Facts about AWS as tables; each row is checked against the vendor's own models by a test."""
