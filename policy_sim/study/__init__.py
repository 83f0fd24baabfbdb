"""Studies: the setting in which policies are compared, and stories replayed."""

from policy_sim.study.setting import Customers, Setting, prepare_setting, read_default_log
from policy_sim.study.stories import Replay, Story, load_stories, load_story, replay

__all__ = [
    "Customers",
    "Replay",
    "Setting",
    "Story",
    "load_stories",
    "load_story",
    "prepare_setting",
    "read_default_log",
    "replay",
]
