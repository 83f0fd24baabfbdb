"""Decision analysis: how sure the choice between two policies is, and what would be worth finding out before it.

In: payoffs, the recommended policy, the one in force, others. Out: `DecisionAnalysis`. Left to others:
how each of its tables is worked out (`risk`, `sensitivity`, `information`), and how it is shown (`show`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from policy_sim.assumptions import central
from policy_sim.border import InputError, Progress, Steps, plain_rows
from policy_sim.policy import Policy, limit_contents
from policy_sim.study.information import InformationValue, evpi, evppi, pilot_for_mean, pilot_for_share
from policy_sim.study.log_error import error_of_log
from policy_sim.study.prepare import Customers, thinned
from policy_sim.study.risk import Errors, case_error, net_benefits, risk_table, spread_of_cases
from policy_sim.study.sensitivity import Sensitivity, one_at_a_time
from policy_sim.value import Outcome, Payoffs, compare, evaluate
from policy_sim.words import DAYS_PER_YEAR

__all__ = ["DecisionAnalysis", "analyse_decision"]

#: Weeks that a pilot may run.
_WEEKS = (4, 13, 26)
_WEEKS_PER_YEAR = DAYS_PER_YEAR / 7
#: Differences up to these count as none: share of cases, money a case.
_LEAST = {"customers_kept": 1e-5, "net_value": 1e-3}


@dataclass(frozen=True)
class DecisionAnalysis:
    """How sure a choice between policies is, and what would be worth finding out.

    Attributes
    ----------
    outcomes
        Of each policy: the baseline first, the recommended one last.
    risk
        The table that `risk_table` returns.
    errors
        Sources of error of the difference between the recommended policy and the baseline.
    sensitivity
        The same difference with one assumption moved at a time, on some of the cases.
    central_difference
        The same difference on all cases with every assumption at its central value, money a year. The mean over the
        draws is another number where an assumption helps more than it can hurt, or the other way round.
    evpi
        Expected value of perfect information, money a year.
    evppi
        The table that `evppi` returns, money a year.
    pilot_on
        The assumption whose value is most worth knowing; where none is worth anything, the one that moves the
        difference most.
    pilots
        What pilots take in which half of the agents work by each policy: one row per purpose, outcome and length.
        Columns: about ("gain": to detect the difference between the policies; the name of `pilot_on`: to find out by
        the size of that difference whether the assumption is at its low or its high end), outcome ("customers_kept",
        "net_value"; left out where there is no difference to detect), difference (a case), weeks, agents, cases (that
        these agents handle), fewest_agents, design_effect, cases_there_are (in the whole business in that time).
    """

    outcomes: tuple[Outcome, ...]
    risk: pd.DataFrame
    errors: Errors
    sensitivity: Sensitivity
    central_difference: float
    evpi: InformationValue
    evppi: pd.DataFrame
    pilot_on: str
    pilots: pd.DataFrame

    @property
    def runner_up(self) -> Policy:
        """The policy with the highest mean net value after the recommended one."""
        return max(self.outcomes[:-1], key=lambda outcome: float(outcome.per_case().mean())).policy

    def break_evens(self) -> pd.DataFrame:
        """Return where assumptions turn the choice, against the baseline and against the runner-up (column against)."""
        policies = {policy.name: policy for policy in (self.outcomes[0].policy, self.runner_up)}
        tables = [self.sensitivity.break_evens(policy).assign(against=name) for name, policy in policies.items()]
        return pd.concat(tables, ignore_index=True)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables by the names of their files."""
        return {
            "risk": self.risk,
            "tornado": self.sensitivity.tornado(),
            "break_evens": self.break_evens(),
            "worth_of_knowing": self.evppi,
            "pilots": self.pilots,
        }

    def to_frame(self) -> pd.DataFrame:
        """Return `risk`."""
        return self.risk

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain data; limits as they stand in files."""
        weighed = self.outcomes[-1].policy
        return {
            "policy": weighed.name,
            "limits": limit_contents(weighed.tiers[0].limits),
            "against": self.outcomes[0].policy.name,
            "runner_up": self.runner_up.name,
            "risk": plain_rows(self.risk),
            "errors": self.errors.to_dict(),
            "cases_at_a_time": self.sensitivity.case_count,
            "central_difference": self.central_difference,
            "tornado": plain_rows(self.sensitivity.tornado()),
            "break_evens": plain_rows(self.break_evens()),
            "evpi": self.evpi.to_dict(),
            "evppi": plain_rows(self.evppi),
            "pilot_on": self.pilot_on,
            "pilots": plain_rows(self.pilots),
        }


def analyse_decision(
    payoffs: Payoffs,
    recommended: Policy,
    baseline: Policy,
    others: Sequence[Policy] = (),
    cases_at_a_time: int = 4_000,
    cases_per_agent_week: float = 40.0,
    seed: int = 0,
    customers: Customers | None = None,
    on_progress: Progress | None = None,
) -> DecisionAnalysis:
    """Compare a policy with another: how sure the difference is, what it depends on, what is worth finding out.

    Parameters
    ----------
    payoffs
        The valued cases, with a hundred draws or more: with fewer, regressions on single assumptions are noisy.
    recommended, baseline
        The two policies to compare.
    others
        Policies that could be chosen instead.
    cases_at_a_time
        Number of cases for the work with one assumption at a time.
    cases_per_agent_week
        Cases that an agent handles in a week, for the pilots.
    seed
        The same seed gives the same result.
    customers
        From whose log the cases were drawn, if they were: for the error of the log.
    on_progress
        Called as each step begins: one for each policy, and three.

    Raises
    ------
    InputError
        If both policies have one name, there are fewer than two cases, or a number is out of its range.
    """
    if recommended.name == baseline.name:
        raise InputError(f"policy '{baseline.name}' is compared with itself; give another one, or give it another name")
    if not 0.01 <= cases_per_agent_week <= 1e6:
        raise InputError(
            f"cases an agent handles in a week are {cases_per_agent_week:g}; they must be above 0 (.01 to a million)"
        )
    policies = {policy.name: policy for policy in (baseline, *others)}
    policies.pop(recommended.name, None)
    steps = Steps(on_progress, 1 + len(policies) + 3)
    outcomes = []
    for policy in (*policies.values(), recommended):
        steps.begin("Evaluating policies")
        outcomes.append(evaluate(policy, payoffs))
    base, new = outcomes[0], outcomes[-1]
    steps.begin("Separating the sources of error")
    errors = case_error(new, base)
    if customers is not None:
        errors = replace(errors, from_log=error_of_log(payoffs, customers, recommended, baseline, seed=seed))
    middle = payoffs.under(central(payoffs.scenario))
    at_centre = compare(evaluate(recommended, middle), evaluate(baseline, middle))
    steps.begin("Moving one assumption at a time")
    some = thinned(payoffs, cases_at_a_time, 1).cases
    sensitivity = one_at_a_time(payoffs.scenario, some, recommended, baseline, list(policies.values()))
    steps.begin("Working out what is worth knowing")
    benefits = net_benefits(outcomes)
    known = evppi(benefits, payoffs.draws, sensitivity.names, seed=seed)
    # where knowing none of them would change the choice: the one that moves the difference most
    ranked = known if known["evppi"].iloc[0] > 0 else sensitivity.tornado()
    top = str(ranked["assumption"].iloc[0])
    pilots = _pilots(sensitivity, top, new, base, cases_per_agent_week)
    steps.finish()
    risk = risk_table(outcomes, base)
    in_the_middle = float(at_centre.per_year()[0])
    return DecisionAnalysis(
        tuple(outcomes), risk, errors, sensitivity, in_the_middle, evpi(benefits), known, top, pilots
    )


def _pilots(
    sensitivity: Sensitivity, name: str, outcome: Outcome, baseline: Outcome, cases_per_agent_week: float
) -> pd.DataFrame:
    """Return what pilots take: to detect the difference itself, and to tell low and high end of an assumption apart."""
    table = sensitivity.tornado()
    row = table[table["assumption"] == name].to_dict("records")[0]
    yearly = baseline.payoffs.scenario.value("shop.cases_per_year")
    share_kept = float(baseline.per_case("customers_kept").mean())
    gain = compare(outcome, baseline)
    differences = {
        ("gain", "customers_kept"): float(gain.per_case("customers_kept").mean()),
        ("gain", "net_value"): float(gain.per_case().mean()),
        (name, "customers_kept"): float(row["customers_kept_high"] - row["customers_kept_low"]),
        (name, "net_value"): float(row["difference_high"] - row["difference_low"]) / yearly,
    }
    rows = []
    for (about, measured), difference in differences.items():
        if abs(difference) <= _LEAST[measured]:
            continue
        for weeks in _WEEKS:
            if measured == "net_value":
                plan = pilot_for_mean(
                    spread_of_cases(baseline), difference, cases_per_agent_week=cases_per_agent_week, weeks=weeks
                )
            else:
                plan = pilot_for_share(share_kept, difference, cases_per_agent_week=cases_per_agent_week, weeks=weeks)
            rows.append((about, measured, difference, weeks, plan.agents, plan.cases, plan.fewest_agents,
                         plan.design_effect, round(yearly * weeks / _WEEKS_PER_YEAR)))  # fmt: skip
    columns = [
        "about", "outcome", "difference", "weeks", "agents", "cases", "fewest_agents", "design_effect",
        "cases_there_are",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
