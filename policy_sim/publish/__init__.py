"""Policies as files that other tools read."""

from policy_sim.publish.files import FORMATS, export_policy, import_policy

__all__ = ["FORMATS", "export_policy", "import_policy"]
