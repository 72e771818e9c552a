// The transforms of convolve_3x3, per instruction set. Included by files compiled for AVX2: plain
// types only.
#pragma once

#include <cstddef>

namespace pyanalyzer {

// Six by six inputs of `channels` channels, which begin at `cells`, row by row, to their 36 points,
// which lie `point` floats apart. The first `shift` channels are read at `later`, as many after
// them at `earlier`.
struct WinogradInput {
    const float* const* cells;
    const float* const* later;
    const float* const* earlier;
    int shift;
    int channels;
    float* to;
    std::ptrdiff_t point;
};

// The sums of 16 output channels at 36 points, `point` floats apart, to four by four outputs, of
// which `rows` by `cols` are in the picture: bias added, then what stands in `residual` (unless it
// is null), then, with `relu`, nothing left below zero. Outputs are `row` and `col` floats apart,
// what is added `residual_row` and `residual_col`.
struct WinogradOutput {
    const float* from;
    std::ptrdiff_t point;
    const float* bias;
    const float* residual;
    std::ptrdiff_t residual_row, residual_col;
    float* to;
    std::ptrdiff_t row, col;
    int rows, cols;
    bool relu;
};

namespace scalar {
void winograd_input(const WinogradInput& square);
void winograd_output(const WinogradOutput& square);
}  // namespace scalar
namespace avx2 {
void winograd_input(const WinogradInput& square);
void winograd_output(const WinogradOutput& square);
}  // namespace avx2
namespace avx512 {
void winograd_input(const WinogradInput& square);
void winograd_output(const WinogradOutput& square);
}  // namespace avx512

}  // namespace pyanalyzer
