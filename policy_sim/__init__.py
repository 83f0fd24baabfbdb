"""Finds how far a support agent may go without asking: customer lifetime value weighed against the cost of remedies.

The public names below load what they need when they are first used, so that `import policy_sim` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from policy_sim.version import __version__ as __version__

if TYPE_CHECKING:
    from policy_sim.assumptions import Scenario, draw_assumptions, load_scenario
    from policy_sim.border import InputError
    from policy_sim.clv import Transactions, read_transactions
    from policy_sim.policy import ASK, NO_LIMIT, Lever, Policy, authority, load_policy
    from policy_sim.publish import export_policy, import_policy
    from policy_sim.service import Cases, draw_cases, read_cases
    from policy_sim.study import Sample, Setting, fit_customers, prepare
    from policy_sim.value import (
        Curve,
        Outcome,
        Payoffs,
        best_limits,
        compare,
        decide,
        evaluate,
        threshold_curve,
        value_cases,
    )

_HOMES = {
    "assumptions": ("Scenario", "draw_assumptions", "load_scenario"),
    "border": ("InputError",),
    "clv": ("Transactions", "read_transactions"),
    "policy": ("ASK", "NO_LIMIT", "Lever", "Policy", "authority", "load_policy"),
    "publish": ("export_policy", "import_policy"),
    "service": ("Cases", "draw_cases", "read_cases"),
    "study": ("Sample", "Setting", "fit_customers", "prepare"),
    "value": (
        "Curve",
        "Outcome",
        "Payoffs",
        "best_limits",
        "compare",
        "decide",
        "evaluate",
        "threshold_curve",
        "value_cases",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ASK",
    "NO_LIMIT",
    "Cases",
    "Curve",
    "InputError",
    "Lever",
    "Outcome",
    "Payoffs",
    "Policy",
    "Sample",
    "Scenario",
    "Setting",
    "Transactions",
    "authority",
    "best_limits",
    "compare",
    "decide",
    "draw_assumptions",
    "draw_cases",
    "evaluate",
    "export_policy",
    "fit_customers",
    "import_policy",
    "load_policy",
    "load_scenario",
    "prepare",
    "read_cases",
    "read_transactions",
    "threshold_curve",
    "value_cases",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'policy_sim' has no attribute '{name}'")
    return getattr(import_module(f"policy_sim.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
