"""A realistic PCI estate on an emulated AWS; needs the extra `demo`."""
