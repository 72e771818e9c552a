// View motion between two pictures: one similarity, coarse to fine, robust against what moves by
// itself. The method is described in docs/alignment.md.
#pragma once

#include <cstdint>
#include <optional>

#include "pyanalyzer/image.hpp"
#include "pyanalyzer/isa.hpp"
#include "pyanalyzer/warp.hpp"

namespace pyanalyzer {

// Which 8 x 8 px blocks may be looked at: height/8 rows of width/8 bytes, row after row; zero is
// no. nullptr: all of them.
struct AlignOptions {
    const std::uint8_t* valid = nullptr;
    const InverseQ16* hint = nullptr;  // one more hypothesis: the motion one frame before
    // Where it or the identity explains so much of the texture, nothing else is looked at: what the
    // motion one frame before explained there. Without a hint it counts for nothing.
    double enough = 1.0;
};

struct AlignResult {
    InverseQ16 inverse;  // the identity where there is no alignment
    double confidence;   // share of the textured background that follows the motion, 0..1
    bool aligned;        // false: the pictures have nothing to do with each other
    // Share of the texture that the motion explains, at the coarsest level; none where that was
    // `enough` not to look further, and for pictures that are identical.
    std::optional<double> explained;
};

inline constexpr int kAlignMinSidePx = 32;
inline constexpr int kAlignMaxSidePx = 4096;

// Throws std::invalid_argument where the sizes differ or a side is not within the limits above.
AlignResult align(LumaView previous, LumaView current, const AlignOptions& options, int threads,
                  Isa isa);

}  // namespace pyanalyzer
