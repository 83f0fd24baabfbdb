"""Figures that are kept: files, reports, notebooks; the same subjects by the same names as in `terminal`."""
