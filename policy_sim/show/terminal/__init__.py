"""What the command line prints: the same subjects by the same names as in `figures`."""
