#include "pyanalyzer/convolve.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "convolve_kernels.hpp"
#include "pyanalyzer/threads.hpp"

namespace pyanalyzer {

namespace scalar {

void convolve_tile(const ConvolveTile& tile) {
    for (int group = 0; group < tile.groups; ++group) {
        const float* weights = tile.weights + group * tile.next_group;
        if (tile.from_zero) {
            float* sums = tile.sums + group * kConvolvePixels * kConvolveLanes;
            std::fill(sums, sums + tile.pixels * kConvolveLanes, 0.0F);
        }
        for (int cell = 0; cell < tile.cells; ++cell)
            for (int c = 0; c < tile.channels; ++c, weights += kConvolveLanes)
                for (int p = 0; p < tile.pixels; ++p) {
                    const float input = tile.starts[p][tile.offsets[cell] + c];
                    float* sums = tile.sums + (group * kConvolvePixels + p) * kConvolveLanes;
                    for (int lane = 0; lane < kConvolveLanes; ++lane)
                        sums[lane] = std::fma(input, weights[lane], sums[lane]);
                }
    }
}

}  // namespace scalar

namespace {

using TileKernel = decltype(&scalar::convolve_tile);

TileKernel tile_kernel(Isa isa) {
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx512) return avx512::convolve_tile;
    if (isa >= Isa::avx2) return avx2::convolve_tile;
#else
    (void)isa;
#endif
    return scalar::convolve_tile;
}

struct Layer {
    const float* weights;
    const float* bias;
    bool relu;
    ConvolveShape shape;
    TileKernel kernel;
    std::vector<std::ptrdiff_t> offsets;  // of the kernel's cells in the padded picture
    int cell_channels;
};

std::size_t size(int value) { return static_cast<std::size_t>(value); }

int padded_cols(const ConvolveShape& s) { return s.cols + 2 * s.padding_cols; }

std::size_t padded_size(const ConvolveShape& s) {
    return size(padded_cols(s)) * size(s.rows + 2 * s.padding_rows) * size(s.in_channels);
}

// The picture with zeros around it: then no pixel's surroundings need a test.
void pad(const float* picture, const ConvolveShape& s, float* out) {
    const std::size_t row = size(padded_cols(s)) * size(s.in_channels);
    const std::size_t inside = size(s.cols) * size(s.in_channels);
    const std::size_t side = size(s.padding_cols) * size(s.in_channels);
    std::fill(out, out + padded_size(s), 0.0F);
    for (int y = 0; y < s.rows; ++y)
        std::memcpy(out + row * size(y + s.padding_rows) + side, picture + inside * size(y),
                    inside * sizeof(float));
}

using Sums = std::array<float, size_t{kConvolveGroups} * kConvolvePixels * kConvolveLanes>;

// What becomes of the sums of some pixels, one after the other, from output channel `first` on.
void finish(const Layer& layer, const float* sums, int pixels, int first, const float* residual,
            float* out) {
    const int channels = std::min(kConvolveLanes, layer.shape.out_channels - first);
    for (int p = 0; p < pixels; ++p) {
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(p) * layer.shape.out_channels + first;
        for (int c = 0; c < channels; ++c) {
            float value = sums[p * kConvolveLanes + c];
            if (residual) value += residual[at + c];
            out[at + c] = layer.relu && !(value > 0.0F) ? 0.0F : value;
        }
    }
}

// Output pixels first .. last (half-open) of a picture, in `groups` groups of output channels from
// group `group` on.
void convolve_groups(const Layer& layer, const float* picture, const float* residual, float* out,
                     int first, int last, int group, int groups) {
    const ConvolveShape& s = layer.shape;
    const int out_cols = s.out_cols();
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(padded_cols(s)) * s.in_channels;
    const std::size_t group_size = layer.offsets.size() * size(layer.cell_channels * kConvolveLanes);
    std::array<const float*, kConvolvePixels> starts{};
    Sums sums;
    for (int begin = first; begin < last; begin += kConvolvePixels) {
        const int count = std::min(kConvolvePixels, last - begin);
        for (int p = 0; p < count; ++p) {
            const int y = (begin + p) / out_cols, x = (begin + p) % out_cols;
            starts[size(p)] = picture + row * y * s.stride +
                              static_cast<std::ptrdiff_t>(x) * s.stride * s.in_channels;
        }
        for (int g = 0; g < groups; ++g)
            for (int p = 0; p < count; ++p)
                std::memcpy(sums.data() + (g * kConvolvePixels + p) * kConvolveLanes,
                            layer.bias + (group + g) * kConvolveLanes,
                            kConvolveLanes * sizeof(float));
        layer.kernel({starts.data(), layer.offsets.data(), static_cast<int>(layer.offsets.size()),
                      layer.cell_channels, count, groups, layer.weights + size(group) * group_size,
                      static_cast<std::ptrdiff_t>(group_size), sums.data(), false});
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(begin) * s.out_channels;
        for (int g = 0; g < groups; ++g)
            finish(layer, sums.data() + g * kConvolvePixels * kConvolveLanes, count,
                   (group + g) * kConvolveLanes, residual ? residual + at : nullptr, out + at);
    }
}

// Rows of all pictures' outputs, counted through, first .. last (half-open).
void convolve_rows(const Layer& layer, const float* pictures, std::size_t picture_size,
                   const float* residual, float* out, int first, int last) {
    const ConvolveShape& s = layer.shape;
    const int rows = s.out_rows(), cols = s.out_cols(), groups = s.groups();
    const std::size_t result = size(rows) * size(cols) * size(s.out_channels);
    while (first < last) {
        const int image = first / rows, row = first % rows;
        const int count = std::min(last - first, rows - row);
        for (int group = 0; group < groups; group += kConvolveGroups)
            convolve_groups(layer, pictures + picture_size * size(image),
                            residual ? residual + result * size(image) : nullptr,
                            out + result * size(image), row * cols, (row + count) * cols, group,
                            std::min(kConvolveGroups, groups - group));
        first += count;
    }
}

void check(const ConvolveShape& s) {
    const bool positive =
        std::min({s.images, s.rows, s.cols, s.in_channels, s.kernel_rows, s.kernel_cols, s.stride,
                  s.dilation_rows, s.dilation_cols, s.out_channels}) > 0;
    const auto fits = [](int length, int padding, int kernel, int dilation) {
        return padding >= 0 && length + 2 * padding > dilation * (kernel - 1);
    };
    if (!positive || !fits(s.rows, s.padding_rows, s.kernel_rows, s.dilation_rows) ||
        !fits(s.cols, s.padding_cols, s.kernel_cols, s.dilation_cols))
        throw std::invalid_argument("convolve: these sizes leave no output");
}

}  // namespace

void convolve(const float* input, const float* weights, const float* bias, const float* residual,
              bool relu, float* out, const ConvolveShape& shape, int threads, Isa isa) {
    check(shape);
    // Cells side by side lie one behind the other, as one with the channels of all of them.
    const int joined = shape.dilation_cols == 1 ? shape.kernel_cols : 1;
    Layer layer{weights, bias, relu, shape, tile_kernel(isa), {}, shape.in_channels * joined};
    for (int y = 0; y < shape.kernel_rows; ++y)
        for (int x = 0; x < shape.kernel_cols; x += joined)
            layer.offsets.push_back(
                (static_cast<std::ptrdiff_t>(y) * shape.dilation_rows * padded_cols(shape) +
                 static_cast<std::ptrdiff_t>(x) * shape.dilation_cols) *
                shape.in_channels);
    std::size_t picture_size = size(shape.rows) * size(shape.cols) * size(shape.in_channels);
    const float* pictures = input;
    // Kept per thread, so that layer after layer allocates nothing.
    thread_local std::vector<float> room;
    if (shape.padding_rows > 0 || shape.padding_cols > 0) {
        const std::size_t whole = padded_size(shape);
        if (room.size() < whole * size(shape.images)) room.resize(whole * size(shape.images));
        float* to = room.data();
        parallel_bands(threads, shape.images, 1, [&, to](int begin, int end) {
            for (int image = begin; image < end; ++image)
                pad(input + picture_size * size(image), shape, to + whole * size(image));
        });
        pictures = to;
        picture_size = whole;
    }
    parallel_bands(threads, shape.images * shape.out_rows(), 1, [&](int begin, int end) {
        convolve_rows(layer, pictures, picture_size, residual, out, begin, end);
    });
}

}  // namespace pyanalyzer
