// What one pair of pictures shows on the grid of 8 x 8 px blocks: residual after the view motion,
// how each block moves against the view, and how that motion changed. Integers only.
// docs/evidence.md gives the reasons for the constants; pyanalyzer/reference/difference.py is the
// definition in NumPy.
#pragma once

#include <cstdint>

#include "pyanalyzer/image.hpp"
#include "pyanalyzer/isa.hpp"
#include "pyanalyzer/warp.hpp"

namespace pyanalyzer {

// Smallest picture: a search window and its displacement must fit in.
inline constexpr int kMinPicturePx = 32;

inline constexpr int kWindowPx = 16;       // side of the window that is matched around a block
inline constexpr int kFineSearchPx = 3;    // largest displacement of the fine search
inline constexpr int kCoarseSearchPx = 7;  // and of the coarse one, in px of the halved picture
inline constexpr int kReachPx = 2 * kCoarseSearchPx + 1;  // largest displacement of all

// Arrays of rows*cols (motions: rows*cols*2, x then y), C-contiguous, owned by the caller.
struct EvidenceArrays {
    std::uint8_t* mean;
    std::uint16_t* texture;
    std::uint16_t* difference;
    std::uint16_t* residual;
    std::int16_t* signed_sum;
    std::uint16_t* match;
    std::int16_t* motion_q4;
    std::int16_t* motion_change_q4;
    std::uint16_t* noise_floor;
};

// What is remembered from one frame to the next: the motion field, and per block the running upper
// quartile of what its own motion left over, in 1/16.
struct MemoryArrays {
    std::int16_t* motion_q4;
    std::int32_t* quiet_q4;
};
struct ConstMemoryArrays {
    const std::int16_t* motion_q4;
    const std::int32_t* quiet_q4;
};

// Both pictures have the same size, at least kMinPicturePx on a side; the grid is height/8 x
// width/8. `inverse` brings the previous picture onto the current one; it is not used where
// `aligned` is false (a cut: the residual is then the plain difference, motion is zero and the
// quiet state stays). `valid`: one byte per block, 0 where nothing is to be measured, or null.
// `next` must not be `memory`. Throws std::invalid_argument.
void difference(LumaView previous, LumaView current, bool aligned, const InverseQ16& inverse,
                const std::uint8_t* valid, const ConstMemoryArrays& memory,
                const EvidenceArrays& out, const MemoryArrays& next, int threads, Isa isa);

}  // namespace pyanalyzer
