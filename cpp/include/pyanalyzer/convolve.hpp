// A layer of a neural network: convolution, bias, what is added, and what is cut off below zero.
#pragma once

#include "pyanalyzer/isa.hpp"

namespace pyanalyzer {

// Output channels are worked on so many at a time; weights are padded with zeros to whole groups.
inline constexpr int kConvolveLanes = 16;

// Sizes of one call. Arrays are C-contiguous float32: input (images, rows, cols, in_channels),
// weights (groups, kernel_rows, kernel_cols, in_channels, kConvolveLanes), bias (groups *
// kConvolveLanes), residual (images, out_rows, out_cols, out_channels), and so is the output, but
// that there may be a gap behind each of its pixels.
struct ConvolveShape {
    int images, rows, cols, in_channels;
    int kernel_rows, kernel_cols;
    int stride;                        // along both sides
    int dilation_rows, dilation_cols;  // between the kernel's cells
    int padding_rows, padding_cols;    // zeros at each side
    int out_channels;
    int out_next = out_channels;  // floats from one pixel of the output to the next

    int groups() const { return (out_channels + kConvolveLanes - 1) / kConvolveLanes; }
    int out_rows() const {
        return (rows + 2 * padding_rows - dilation_rows * (kernel_rows - 1) - 1) / stride + 1;
    }
    int out_cols() const {
        return (cols + 2 * padding_cols - dilation_cols * (kernel_cols - 1) - 1) / stride + 1;
    }
};

// Every output value starts as its bias; then the products of inputs and weights are added one by
// one, each with a single rounding (fused multiply-add), kernel rows first, then kernel columns,
// then input channels; then `residual` (or nothing, if null) is added; then, with `relu`, what is
// below zero becomes zero. That order is kept by every instruction set: the same bits. `out` may be
// `residual`. Throws std::invalid_argument on sizes that leave no output.
void convolve(const float* input, const float* weights, const float* bias, const float* residual,
              bool relu, float* out, const ConvolveShape& shape, int threads, Isa isa);

}  // namespace pyanalyzer
