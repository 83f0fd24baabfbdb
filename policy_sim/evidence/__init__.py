"""A company's own cases: from exports of its help desk and its shop to a log of cases, and what that log can say."""

from policy_sim.evidence.export_shapes import SHAPES, ExportShape, shape_of

__all__ = ["SHAPES", "ExportShape", "shape_of"]
