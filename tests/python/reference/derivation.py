# SPDX-License-Identifier: Apache-2.0
"""From architecture parameters to a genotype: the rule of each family.

DARTS and PC-DARTS: darts-family §2.3 and §8.2. P-DARTS: §7.4–7.6. PR-DARTS: §9.5. All comparisons
are made on float32 weights, as in the original programs.
"""

import numpy as np
import torch

from . import prdarts
from .darts import NODE_OFFSETS, SOURCES
from .genotypes import Genotype
from .operations import PRIMITIVES
from .pcdarts import node_softmax
from .spaces import SPACES

CONCAT = (2, 3, 4, 5)
SKIP = PRIMITIVES.index("skip_connect")


def edge_weights(alphas, betas=None):
    """softmax(alpha) in the tensor's own precision, as float32; times softmax(beta) for PC-DARTS.

    Works on one table or on a batch of tables.
    """
    weights = torch.softmax(alphas, dim=-1).float()
    if betas is not None:
        weights = weights * node_softmax(betas).float().unsqueeze(-1)
    return weights.numpy()


# DARTS, PC-DARTS and S1–S4 --------------------------------------------------------------------


def _darts_cell(weights, edge_names):
    """Two strongest edges per node in the order of their strength; ties: smaller source, column."""
    result = []
    for node, offset in enumerate(NODE_OFFSETS):
        best = []
        for source in range(node + 2):
            row, names = weights[offset + source], edge_names[offset + source]
            columns = [k for k, name in enumerate(names) if name != "none"]
            k = max(columns, key=lambda column: row[column])  # the first of equal ones
            best.append((row[k], names[k], source))
        best.sort(key=lambda entry: -entry[0])  # stable
        result += [(name, source) for _, name, source in best[:2]]
    return tuple(result)


def derive_darts(arch, space="darts"):
    """The genotype of §2.3 from alphas (and betas, §8.2)."""
    names = SPACES[space]
    cells = {
        kind: _darts_cell(
            edge_weights(arch[f"alphas_{kind}"], arch.get(f"betas_{kind}")), getattr(names, kind)
        )
        for kind in ("normal", "reduce")
    }
    return Genotype(cells["normal"], CONCAT, cells["reduce"], CONCAT)


# PR-DARTS -------------------------------------------------------------------------------------


def _prdarts_cell(weights):
    result = []
    for node, offset in enumerate(NODE_OFFSETS):
        pool = [
            (weights[offset + source][k], prdarts.PRIMITIVES[k], source)
            for source in range(node + 2)
            for k in range(len(prdarts.PRIMITIVES))
            if k != prdarts.NONE
        ]
        pool.sort(key=lambda entry: -entry[0])  # stable: smaller source, then smaller column
        result += [(name, source) for _, name, source in pool[:2]]
    return tuple(result)


def derive_prdarts(arch):
    """The two strongest (operation, source) pairs per node, also from one edge (§9.5)."""
    cells = [_prdarts_cell(edge_weights(arch[f"alphas_{kind}"])) for kind in ("normal", "reduce")]
    return Genotype(cells[0], CONCAT, cells[1], CONCAT)


# P-DARTS --------------------------------------------------------------------------------------


def _on(switches):
    return [k for k, on in enumerate(switches) if on]


def _drop(weights, switches, count, none_first):
    """Switch off the `count` weakest candidates of one edge; ties: lowest column (§7.4)."""
    value = dict(zip(_on(switches), weights))
    order = sorted(value, key=lambda k: (none_first and k != 0, value[k], k))
    dropped = order[:count]
    return tuple(on and k not in dropped for k, on in enumerate(switches))


def drop_operations(weights, switches, count, last=False):
    """The switches after a stage: `count` candidates fewer per edge (§7.4)."""
    return tuple(_drop(w, s, count, last) for w, s in zip(weights, switches))


def _keep_edges(scores):
    """Edges 0 and 1, then the two best per node; ties: larger source (§7.5)."""
    kept = [0, 1]
    for node, offset in list(enumerate(NODE_OFFSETS))[1:]:
        order = sorted(range(offset, offset + node + 2), key=lambda e: scores[e])  # stable
        kept += sorted(order[-2:])
    return kept


class PDartsFinal:
    """The last stage of one cell: the choice of operations and edges, and the skip restriction."""

    def __init__(self, weights, switches):
        self.switches = switches
        self.weights = np.array(weights, dtype=np.float32)
        for row, on in zip(self.weights, switches):
            if on[0]:
                row[0] = 0.0  # `none` is dropped first in any case and must not score its edge
        self._choose()

    def _choose(self):
        """One operation per edge from the *stage's* switches, two edges per node."""
        count = self.weights.shape[1] - 1
        chosen = drop_operations(self.weights, self.switches, count, last=True)
        self.operations = [_on(s)[0] for s in chosen]
        self.kept = _keep_edges(self.weights.max(axis=1))

    def skips(self):
        """The kept edges whose operation is a skip."""
        return [e for e in self.kept if self.operations[e] == SKIP]

    def pairs(self):
        """(operation, source) in ascending source order within a node."""
        return tuple((PRIMITIVES[self.operations[e]], SOURCES[e]) for e in self.kept)

    def restrict(self, target):
        """Delete the weakest kept skip until at most `target` are left (§7.6).

        Stops where the weakest skip has weight zero already: the loop would never end.
        """
        while len(self.skips()) > target:
            skip_of = {e: _on(self.switches[e]).index(SKIP) for e in self.skips()}
            weakest = min(skip_of, key=lambda e: self.weights[e][skip_of[e]])  # lowest edge
            if self.weights[weakest][skip_of[weakest]] == 0.0:
                return
            self.weights[weakest][skip_of[weakest]] = 0.0
            self._choose()


def derive_pdarts(arch, switches_normal, switches_reduce, skips=2):
    """The genotype after the last stage with at most `skips` skips in the normal cell (§7.6)."""
    normal = PDartsFinal(edge_weights(arch["alphas_normal"]), switches_normal)
    reduce = PDartsFinal(edge_weights(arch["alphas_reduce"]), switches_reduce)
    normal.restrict(skips)
    return Genotype(normal.pairs(), CONCAT, reduce.pairs(), CONCAT)
