"""Studies: the setting in which policies are compared, how sure that is, and what matters most."""

from policy_sim.study.information import Pilot, Worth, evpi, evppi, pilot_for_mean, pilot_for_share
from policy_sim.study.matters import Matters, what_matters
from policy_sim.study.risk import Errors, case_error, net_benefits, risk_table, spread_of_cases
from policy_sim.study.sensitivity import Sensitivity, one_at_a_time
from policy_sim.study.setting import Customers, Setting, prepare_setting, read_default_log, thinned

__all__ = [
    "Customers",
    "Errors",
    "Matters",
    "Pilot",
    "Sensitivity",
    "Setting",
    "Worth",
    "case_error",
    "evpi",
    "evppi",
    "net_benefits",
    "one_at_a_time",
    "pilot_for_mean",
    "pilot_for_share",
    "prepare_setting",
    "read_default_log",
    "risk_table",
    "spread_of_cases",
    "thinned",
    "what_matters",
]
