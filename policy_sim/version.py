"""Version: of this package.

In: nothing. Out: `__version__`. Left to others: everything.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
