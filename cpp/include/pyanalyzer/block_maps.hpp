// What the core measured of a frame as bytes, one map for each kind of measure, and in a few
// numbers: what a network sees of it.
#pragma once

#include <cstdint>

namespace pyanalyzer {

// Arrays of rows x cols blocks, vectors with x and y side by side; what they mean is in
// pyanalyzer/records.py. `flow_q8` nullptr: nothing moves; `flow_before_q8` nullptr: all moves as
// it did.
struct BlockMeasures {
    int rows, cols;
    const std::uint8_t* mean;
    const std::uint16_t *texture, *difference, *residual, *match, *noise_floor, *flow_match;
    const std::int16_t *signed_sum, *motion_q4, *motion_change_q4;
    const std::int16_t *flow_q8, *flow_before_q8;
};

inline constexpr int kBlockMaps = 16;

struct BlockSummary {
    std::uint64_t difference, residual;  // sums
    int active;                          // blocks whose residual is above the noise floor
    // Over the blocks with texture: medians of the flow's change, in px, and of how fast the flow
    // and its change lead away from the picture's centre, per frame; zero without such blocks.
    double change_x_px, change_y_px, expansion, expansion_change;
};

// Fills `maps` (kBlockMaps, rows, cols): mean, texture, difference, residual, its excess over the
// noise floor, match, flow_match, signed_sum, and x and y of motion, its change, flow, its change.
BlockSummary block_maps(const BlockMeasures& measures, std::uint8_t* maps);

}  // namespace pyanalyzer
