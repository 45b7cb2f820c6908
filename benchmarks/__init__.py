"""What the goals of speed and memory are measured with; each module prints a table (`python -m benchmarks.NAME`)."""
