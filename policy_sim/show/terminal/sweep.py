"""Sweep report: what a sweep will take, and what it left behind, in a few lines.

In: `SweepEstimate`, `SweepSummary`. Out: lines for the screen. Left to others: where they are printed (`cli`).
"""

from __future__ import annotations

from policy_sim.sweep.folder import SweepEstimate, SweepSummary

__all__ = ["of_estimate", "of_summary"]


def of_estimate(estimate: SweepEstimate) -> list[str]:
    """Say how many runs, how long, how much disk."""
    if estimate.found == estimate.runs:
        return [f"{estimate.runs:,} runs, all of them done."]
    done = f" ({estimate.found:,} are done already)" if estimate.found else ""
    return [
        f"{estimate.runs:,} runs{done} in {estimate.tasks:,} tasks",
        f"about {_duration(estimate.seconds)} on this machine ({estimate.runs_per_second:,.0f} runs a second)",
        f"about {_size(estimate.size_bytes)} on disk",
    ]


def of_summary(summary: SweepSummary) -> list[str]:
    """Say what is done, what failed, and how to go on."""
    there_already = f", {summary.found:,} of them were there already" if summary.found else ""
    lines = [f"{summary.done:,} of {summary.runs:,} runs are in {summary.folder}/{there_already}."]
    if summary.failed:
        lines.append(f"{summary.failed:,} of them failed; each is written down with its inputs and its error.")
    if summary.lost:
        lines.append(f"{summary.lost:,} runs were lost with their workers.")
    lines += [f"  {error}" for error in summary.errors]
    if summary.interrupted:
        lines.append("Stopped as asked; nothing is half-written.")
    if summary.interrupted or summary.lost:
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
