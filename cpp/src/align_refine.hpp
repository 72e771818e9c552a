// Sub-pixel refinement of a similarity: Gauss-Newton on block sums, robust against outliers.
#pragma once

#include "align_blocks.hpp"

namespace pyanalyzer {

// Cells over which spread scores are taken.
inline constexpr int kCellRows = 3;
inline constexpr int kCellCols = 4;

// Improves the model; stops when no corner moves by stop_px, or after `iterations` (at least one).
// `measured` is what was seen just before the last update.
Model refine(const AlignLevel& level, Model model, int iterations, double stop_px, int threads,
             Isa isa, Measured& measured);

struct Objective {
    double spread;  // over 3 x 4 cells, the root of the share of a cell's texture that follows
    double share;   // of all texture that follows
};

// How well a model explains the pair: a background shows up all over the picture, an object in one
// place. Blocks at the picture's border count up to three times: objects are rather in the middle.
Objective objective(const AlignLevel& level, const Measured& measured);

// Share of the textured, visible area that follows the motion; 1 where there is none.
double confidence_of(const Measured& measured);

}  // namespace pyanalyzer
