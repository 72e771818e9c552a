// The inner loops of align, per instruction set. Included by files compiled for AVX2: plain types
// only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyanalyzer {

// Sums over the 64 px of one block: gradient g of current + warped, difference e = current -
// warped.
struct BlockSums {
    std::int32_t xx, xy, yy, xe, ye, ee, x, y, e;
};

// Bytes that must be readable to the left of a picture's rows and to the right of its last whole
// block, for kernels that load whole vectors.
inline constexpr int kPlanePadding = 32;

}  // namespace pyanalyzer

namespace pyanalyzer::scalar {

// One row of blocks: gradients are differences of the neighbours to either side, so a column and a
// row around the blocks must hold pixels (at the picture's border: the border repeated).
void block_row_sums(const std::uint8_t* current, std::ptrdiff_t current_stride,
                    const std::uint8_t* warped, std::ptrdiff_t warped_stride, int cols,
                    BlockSums* out);

// SADs of one row of 8 x 8 blocks.
void sad_row(const std::uint8_t* current, std::ptrdiff_t current_stride,
             const std::uint8_t* previous, std::ptrdiff_t previous_stride, int cols,
             std::uint16_t* out);

// out = 2*here + left + right + above + below, saturated at 65535. here[-1] and here[cols] are
// read.
void cross_row(const std::uint16_t* above, const std::uint16_t* here, const std::uint16_t* below,
               int cols, std::uint16_t* out);

// Running minimum, its first index, and sum.
void track_minimum(const std::uint16_t* values, int count, std::uint16_t index,
                   std::uint16_t* minimum, std::uint16_t* best, std::uint32_t* sum);

}  // namespace pyanalyzer::scalar
