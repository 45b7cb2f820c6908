"""What things are: frozen data without I/O. Nothing here imports anything above `errors`."""
