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

// Bytes and lanes that kernels may read beside a picture's rows and beyond the last block, and
// lanes that they may write beyond it where so stated.
inline constexpr int kPlanePadding = 32;
inline constexpr int kLanes = 16;

}  // namespace pyanalyzer

// Each namespace holds the same kernels:
// - block_row_sums: the sums of one row of blocks. Gradients are differences of the neighbours to
//   either side, so a column and a row around the blocks must hold pixels.
// - sad_row: out[s * out_stride + col] is the SAD of block col of one row of blocks and the
// previous
//   picture s px further to the right, for s in [0, shifts).
// - cross_row: out = 2*here + left + right + above + below, saturated at 65535. here[-1] and
//   here[cols] are read; up to kLanes - 1 lanes beyond cols are written.
// - track_minimum: running minimum, its first index, and sum; arrays are padded to whole kLanes.

namespace pyanalyzer::scalar {

void block_row_sums(const std::uint8_t* current, std::ptrdiff_t current_stride,
                    const std::uint8_t* warped, std::ptrdiff_t warped_stride, int cols,
                    BlockSums* out);
void sad_row(const std::uint8_t* current, std::ptrdiff_t current_stride,
             const std::uint8_t* previous, std::ptrdiff_t previous_stride, int cols, int shifts,
             std::uint16_t* out, std::ptrdiff_t out_stride);
void cross_row(const std::uint16_t* above, const std::uint16_t* here, const std::uint16_t* below,
               int cols, std::uint16_t* out);
void track_minimum(const std::uint16_t* values, int count, std::uint16_t index,
                   std::uint16_t* minimum, std::uint16_t* best, std::uint32_t* sum);

}  // namespace pyanalyzer::scalar

namespace pyanalyzer::avx2 {

void block_row_sums(const std::uint8_t* current, std::ptrdiff_t current_stride,
                    const std::uint8_t* warped, std::ptrdiff_t warped_stride, int cols,
                    BlockSums* out);
void sad_row(const std::uint8_t* current, std::ptrdiff_t current_stride,
             const std::uint8_t* previous, std::ptrdiff_t previous_stride, int cols, int shifts,
             std::uint16_t* out, std::ptrdiff_t out_stride);
void cross_row(const std::uint16_t* above, const std::uint16_t* here, const std::uint16_t* below,
               int cols, std::uint16_t* out);
void track_minimum(const std::uint16_t* values, int count, std::uint16_t index,
                   std::uint16_t* minimum, std::uint16_t* best, std::uint32_t* sum);

}  // namespace pyanalyzer::avx2

// For AVX-512 with BW and VBMI; the other kernels are those of AVX2.
namespace pyanalyzer::vbmi {

void block_row_sums(const std::uint8_t* current, std::ptrdiff_t current_stride,
                    const std::uint8_t* warped, std::ptrdiff_t warped_stride, int cols,
                    BlockSums* out);

}  // namespace pyanalyzer::vbmi
