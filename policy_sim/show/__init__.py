"""What people look at: figures, the panel and its state, the wording of numbers."""

from policy_sim.show.panel import Panel
from policy_sim.show.workbench import Workbench, open_workbench

__all__ = ["Panel", "Workbench", "open_workbench"]
