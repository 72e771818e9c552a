// The inner loop of convolve, per instruction set. Included by files compiled for AVX2 and
// AVX-512: plain types only.
#pragma once

#include <cstddef>

namespace pyanalyzer {

// So many output pixels and groups of output channels are worked on together at most: on AVX-512
// 24 sums fill three quarters of the registers, and each input is read once for two of them.
inline constexpr int kConvolvePixels = 12;
inline constexpr int kConvolveGroups = 4;

// `groups` groups of 16 output channels of `pixels` pixels. `starts`: where each pixel's input
// begins; `offsets`: of each of the kernel's `cells` from there; of each cell `channels` values in
// a row. `weights`: (cells, channels, 16) of the first group; the next group's lie `next_group`
// behind it. `sums`: (groups, kConvolvePixels, 16), which hold the result in the end, and what it
// begins with, such as the bias, at first, unless it begins `from_zero`.
struct ConvolveTile {
    const float* const* starts;
    const std::ptrdiff_t* offsets;
    int cells;
    int channels;
    int pixels;
    int groups;
    const float* weights;
    std::ptrdiff_t next_group;
    float* sums;
    bool from_zero;
};

// What becomes of the sums of one group of `pixels` pixels, (pixels, 16), of which the first
// `channels` are wanted: what stands in `residual` (unless it is null) added, then, with `relu`,
// nothing left below zero. A pixel's results are `next` floats behind the last one's, what is added
// `residual_next`.
struct ConvolveFinish {
    const float* sums;
    int pixels;
    int channels;
    const float* residual;
    std::ptrdiff_t residual_next;
    float* to;
    std::ptrdiff_t next;
    bool relu;
};

namespace scalar {
void convolve_tile(const ConvolveTile& tile);
void convolve_finish(const ConvolveFinish& group);
}  // namespace scalar
namespace avx2 {
void convolve_tile(const ConvolveTile& tile);
void convolve_finish(const ConvolveFinish& group);
}  // namespace avx2
namespace avx512 {
void convolve_tile(const ConvolveTile& tile);
void convolve_finish(const ConvolveFinish& group);
}  // namespace avx512

}  // namespace pyanalyzer
