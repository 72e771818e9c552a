// A layer of 3 x 3 cells by Winograd's minimal filtering: a quarter of the multiplications.
#pragma once

#include "pyanalyzer/convolve.hpp"

namespace pyanalyzer {

// Output pixels are made in squares of this side, from squares of inputs of the other.
inline constexpr int kWinogradOut = 4;
inline constexpr int kWinogradIn = kWinogradOut + 2;
inline constexpr int kWinogradPoints = kWinogradIn * kWinogradIn;

// Images that follow one another in time, (rows, cols, in_channels) each: `channels` channels of
// each are read from the next image, as many after them from the one before. `before` and `after`
// are those around all images, or null: zeros.
struct ConvolveShift {
    int channels = 0;
    const float* before = nullptr;
    const float* after = nullptr;
};

// The layer of `convolve` for a kernel of 3 x 3 cells and stride 1, by F(4 x 4, 3 x 3) of Lavin and
// Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). `weights` are transformed
// already: (kWinogradPoints, groups, in_channels, kConvolveLanes). With a dilation of d the picture
// is d * d pictures of every d-th row and column; the squares of each begin at its first pixel.
//
// Every sum is made in one fixed order (convolve_3x3_steps.hpp; the products of a point channel by
// channel from zero on, each with a single rounding), then bias, `residual` and `relu` as in
// `convolve`: every instruction set and number of threads gives the same bits. They are not those
// of `convolve`, but for rounding. `out` may be `residual`.
//
// Throws std::invalid_argument on sizes that leave no output and on other kernels and strides.
void convolve_3x3(const float* input, const float* weights, const float* bias,
                  const float* residual, bool relu, float* out, const ConvolveShape& shape,
                  const ConvolveShift& shift, int threads, Isa isa);

}  // namespace pyanalyzer
