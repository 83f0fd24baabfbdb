"""Studies: the setting in which policies are compared, and stories replayed."""

from policy_sim.study.optimum import HeldOut, Optimum, find_optimum
from policy_sim.study.setting import Customers, Setting, prepare_setting, read_default_log
from policy_sim.study.stories import Replay, Story, load_stories, load_story, replay

__all__ = [
    "Customers",
    "HeldOut",
    "Optimum",
    "Replay",
    "Setting",
    "Story",
    "find_optimum",
    "load_stories",
    "load_story",
    "prepare_setting",
    "read_default_log",
    "replay",
]
