"""One module for each subcommand, imported only when it is called; each defines `command`."""
