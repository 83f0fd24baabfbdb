"""Studies: the setting in which policies are compared."""

from policy_sim.study.setting import Customers, Setting, prepare_setting, read_default_log

__all__ = ["Customers", "Setting", "prepare_setting", "read_default_log"]
