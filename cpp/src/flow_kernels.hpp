// Inner loops of `flow`, per instruction set. Included by files compiled for AVX2: plain types
// only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyanalyzer {

inline constexpr int kPatchPx = 8;
inline constexpr int kPatchPixels = kPatchPx * kPatchPx;

// A square of the current picture, row by row: pixels in 1/16 level, and twice the gradient.
struct alignas(32) Patch {
    std::int16_t pixel_q4[kPatchPixels];
    std::int16_t gradient_x[kPatchPixels];
    std::int16_t gradient_y[kPatchPixels];
};

// Sums over a patch of the products that the normal equations need.
struct GradientSums {
    std::int32_t x, y;        // of the gradients
    std::int32_t xx, xy, yy;  // of their products
};

// Sums over a patch of the difference d (1/16 level) between the other picture and the patch.
struct PatchSums {
    std::int32_t d, dd;     // at most 64 * 4080^2 < 2^31
    std::int32_t d_x, d_y;  // d times gradient
};

}  // namespace pyanalyzer

// take_patch: `corner` is the patch's first pixel; one more pixel on every side is read.
// compare_patch: the other picture at `corner` plus the fraction (fx, fy) in 1/256 px, bilinear;
// one more row and column are read.
namespace pyanalyzer::scalar {
GradientSums take_patch(const std::uint8_t* corner, std::ptrdiff_t stride, Patch& patch);
PatchSums compare_patch(const std::uint8_t* corner, std::ptrdiff_t stride, int fx, int fy,
                        const Patch& patch);
}  // namespace pyanalyzer::scalar
namespace pyanalyzer::avx2 {
GradientSums take_patch(const std::uint8_t* corner, std::ptrdiff_t stride, Patch& patch);
PatchSums compare_patch(const std::uint8_t* corner, std::ptrdiff_t stride, int fx, int fy,
                        const Patch& patch);
}  // namespace pyanalyzer::avx2
