"""Calibration beside a sampler: the posterior of one simulated firm by importance weights and by NUTS of PyMC.

Both have the same likelihood and priors; NUTS takes value and gradient from it, on the scale on which the normal
approximation at the maximum is standard normal. Prints means and standard deviations of
each assumption (on the scale on which the prior is standard normal) by both, the largest differences, and the times.
PyMC is no dependency of the project: run this in an environment that has it.

    python tests/benchmarks/nuts.py [--cases 1500] [--seed 5] [--draws 1000]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import policy_sim
from policy_sim.evidence import simulate_log
from policy_sim.evidence.calibration import calibrate
from policy_sim.evidence.case_log import read_case_log
from policy_sim.evidence.posterior import Posterior
from policy_sim.orders import read_transactions

try:
    import pymc
    import pytensor.tensor as pt
    from pytensor.graph.basic import Apply
    from pytensor.graph.op import Op
except ImportError:
    print("no PyMC here: pip install pymc in an environment of its own, and run this with it")
    sys.exit()


class LogPosterior(Op):
    """The log-posterior of x, where z = middle + root x, and its gradient, as PyMC takes them."""

    def __init__(self, posterior, middle, root):
        self.posterior, self.middle, self.root, self.calls, self.seconds = posterior, middle, root, 0, 0.0
        self.gradient = Gradient(self)

    def make_node(self, z):
        return _apply(self, z, pt.dscalar())

    def perform(self, node, inputs, outputs):
        outputs[0][0] = np.asarray(self.posterior.total(self.middle + self.root @ inputs[0], False).value)

    def grad(self, inputs, output_gradients):
        return [output_gradients[0] * self.gradient(inputs[0])]


class Gradient(Op):
    def __init__(self, of):
        self.of = of

    def make_node(self, z):
        return _apply(self, z, pt.dvector())

    def perform(self, node, inputs, outputs):
        start = time.perf_counter()
        z = self.of.middle + self.of.root @ inputs[0]
        outputs[0][0] = self.of.root.T @ self.of.posterior.total(z).gradient
        self.of.seconds += time.perf_counter() - start
        self.of.calls += 1


def _apply(op, z, out):
    return Apply(op, [pt.as_tensor_variable(z)], [out])


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("cases", 1_500), ("seed", 5), ("draws", 1_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    scenario = policy_sim.load_scenario("online_retail")
    firm = simulate_log(scenario, policy_sim.load_policy("current", scenario), cases=given.cases, seed=given.seed)
    with tempfile.TemporaryDirectory() as folder:
        firm.orders.to_csv(Path(folder) / "orders.csv", index=False)
        orders = read_transactions(Path(folder) / "orders.csv")
    log, _ = read_case_log(firm.cases, scenario)
    calibrate(log, orders, scenario)  # compiles
    start = time.perf_counter()
    learned = calibrate(log, orders, scenario)
    own = time.perf_counter() - start
    observed = learned.observed
    posterior = Posterior(observed.likelihood(), observed.parameters, ())
    # by itself NUTS hardly moves: some numbers are known a thousand times better than others
    maximum, covariance = posterior.maximum()
    op = LogPosterior(posterior, maximum, np.linalg.cholesky(covariance))
    count = posterior.likelihood.size
    start = time.perf_counter()
    with pymc.Model():
        x = pymc.Flat("x", shape=count)
        pymc.Potential("posterior", op(x))
        trace = pymc.sample(
            draws=given.draws,
            tune=given.draws,
            chains=2,
            cores=1,
            initvals={"x": np.zeros(count)},
            random_seed=given.seed,
            progressbar=False,
            compute_convergence_checks=False,
        )
    theirs = time.perf_counter() - start
    drawn = op.middle + trace.posterior["x"].to_numpy() @ op.root.T
    names = learned.names
    mean, spread = drawn.mean(axis=(0, 1))[: len(names)], drawn.std(axis=(0, 1))[: len(names)]
    between = drawn.mean(axis=1)[:, : len(names)]
    print(f"{'assumption':44}  own mean   sd  NUTS mean   sd")
    for row in zip(names, learned.mean_z, learned.width_left, mean, spread, strict=True):
        print("{:44} {:9.2f} {:5.2f} {:9.2f} {:5.2f}".format(*row))
    off = np.abs(learned.mean_z - mean) / spread
    print(f"means apart by at most {off.max():.2f} standard deviations, {off.mean():.2f} on average; ", end="")
    print(f"the two chains of NUTS by {(np.abs(between[0] - between[1]) / spread).max():.2f}")
    ratios = learned.width_left / spread
    print(
        f"standard deviations: own over NUTS {ratios.min():.2f} to {ratios.max():.2f}; Pareto k {learned.pareto_k:.2f}"
    )
    start = time.perf_counter()
    for _ in range(20):
        posterior.total(np.zeros(count), False)
    value = (time.perf_counter() - start) / 20
    fair = theirs - op.seconds + op.calls * 2 * value  # a gradient by itself takes about as long again as a value
    print(f"seconds: own {own:.1f}, NUTS {theirs:.0f} with {op.calls:,} gradients, ", end="")
    print(
        f"{fair:.0f} if its gradients came without the Hessian: {theirs / own:.0f} and {fair / own:.0f} times as long"
    )


if __name__ == "__main__":
    main()
