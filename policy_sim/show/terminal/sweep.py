"""Sweep report: what a sweep will take, and what it left behind, in a few lines.

In: `Foresight`, `Swept`. Out: lines for the screen. Left to others: where they are printed (`cli`).
"""

from __future__ import annotations

from policy_sim.sweep.folder import Foresight, Swept

__all__ = ["of_foresight", "of_swept"]


def of_foresight(foresight: Foresight) -> list[str]:
    """Say how many runs, how long, how much disk."""
    if foresight.found == foresight.runs:
        return [f"{foresight.runs:,} runs, all of them done."]
    found = f" ({foresight.found:,} are done already)" if foresight.found else ""
    return [
        f"{foresight.runs:,} runs{found} in {foresight.tasks:,} tasks",
        f"about {_duration(foresight.seconds)} on this machine ({foresight.runs_per_second:,.0f} runs a second)",
        f"about {_size(foresight.size_bytes)} on disk",
    ]


def of_swept(swept: Swept) -> list[str]:
    """Say what is done, what failed, and how to go on."""
    found = f", {swept.found:,} of them were there already" if swept.found else ""
    lines = [f"{swept.done:,} of {swept.runs:,} runs are in {swept.folder}/{found}."]
    if swept.failed:
        lines.append(f"{swept.failed:,} of them failed; each is written down with its inputs and its error.")
    if swept.lost:
        lines.append(f"{swept.lost:,} runs were lost with their workers.")
    lines += [f"  {error}" for error in swept.errors]
    if swept.interrupted:
        lines.append("Stopped as asked; nothing is half-written.")
    if swept.interrupted or swept.lost:
        lines.append("The same command goes on from here.")
    return lines


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def _size(size_bytes: float) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= size:
            return f"{size_bytes / size:.1f} {unit}"
    return f"{max(size_bytes / 1e3, 1):.0f} kB"
