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

void convolve_finish(const ConvolveFinish& group) {
    for (int p = 0; p < group.pixels; ++p)
        for (int c = 0; c < group.channels; ++c) {
            float value = group.sums[p * kConvolveLanes + c];
            if (group.residual) value += group.residual[p * group.residual_next + c];
            group.to[p * group.next + c] = group.relu && !(value > 0.0F) ? 0.0F : value;
        }
}

}  // namespace scalar

namespace {

struct Kernels {
    decltype(&scalar::convolve_tile) tile;
    decltype(&scalar::convolve_finish) finish;
};

Kernels kernels_of(Isa isa) {
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx512) return {avx512::convolve_tile, avx512::convolve_finish};
    if (isa >= Isa::avx2) return {avx2::convolve_tile, avx2::convolve_finish};
#else
    (void)isa;
#endif
    return {scalar::convolve_tile, scalar::convolve_finish};
}

struct Layer {
    const float* weights;
    const float* bias;
    bool relu;
    ConvolveShape shape;
    Kernels kernels;
    std::vector<std::ptrdiff_t> offsets;  // of the kernel's cells in the padded picture
    int cell_channels;
};

std::size_t size(int value) { return static_cast<std::size_t>(value); }

int padded_cols(const ConvolveShape& s) { return s.cols + 2 * s.padding_cols; }

// Rows `first` .. (`count` of them) of the picture with zeros around it: then no pixel's
// surroundings need a test.
void pad(const float* picture, const ConvolveShape& s, int first, int count, float* out) {
    const std::size_t row = size(padded_cols(s)) * size(s.in_channels);
    const std::size_t inside = size(s.cols) * size(s.in_channels);
    const std::size_t side = size(s.padding_cols) * size(s.in_channels);
    for (int y = first - s.padding_rows; count > 0; ++y, --count, out += row) {
        if (y < 0 || y >= s.rows) {
            std::fill_n(out, row, 0.0F);
            continue;
        }
        std::fill_n(out, side, 0.0F);
        std::memcpy(out + side, picture + inside * size(y), inside * sizeof(float));
        std::fill_n(out + side + inside, side, 0.0F);
    }
}

using Sums = std::array<float, size_t{kConvolveGroups} * kConvolvePixels * kConvolveLanes>;

// The first `pixels` output pixels of a picture, in `groups` groups of output channels from group
// `group` on.
void convolve_groups(const Layer& layer, const float* picture, const float* residual, float* out,
                     int pixels, int group, int groups) {
    const ConvolveShape& s = layer.shape;
    const int out_cols = s.out_cols();
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(padded_cols(s)) * s.in_channels;
    const std::ptrdiff_t next = static_cast<std::ptrdiff_t>(s.stride) * s.in_channels;
    const std::size_t group_size =
        layer.offsets.size() * size(layer.cell_channels * kConvolveLanes);
    std::array<const float*, kConvolvePixels> starts{};
    Sums sums;
    const float* start = picture;
    int x = 0;
    for (int begin = 0; begin < pixels; begin += kConvolvePixels) {
        const int count = std::min(kConvolvePixels, pixels - begin);
        for (int p = 0; p < count; ++p) {
            starts[size(p)] = start;
            start += next;
            if (++x < out_cols) continue;
            start += row * s.stride - next * x;
            x = 0;
        }
        for (int g = 0; g < groups; ++g)
            for (int p = 0; p < count; ++p)
                std::memcpy(sums.data() + (g * kConvolvePixels + p) * kConvolveLanes,
                            layer.bias + (group + g) * kConvolveLanes,
                            kConvolveLanes * sizeof(float));
        layer.kernels.tile({starts.data(), layer.offsets.data(),
                            static_cast<int>(layer.offsets.size()), layer.cell_channels, count,
                            groups, layer.weights + size(group) * group_size,
                            static_cast<std::ptrdiff_t>(group_size), sums.data(), false});
        for (int g = 0; g < groups; ++g) {
            const int channel = (group + g) * kConvolveLanes;
            const auto pixel = static_cast<std::ptrdiff_t>(begin);
            layer.kernels.finish({sums.data() + g * kConvolvePixels * kConvolveLanes, count,
                                  std::min(kConvolveLanes, s.out_channels - channel),
                                  residual ? residual + pixel * s.out_channels + channel : nullptr,
                                  s.out_channels, out + pixel * s.out_next + channel, s.out_next,
                                  layer.relu});
        }
    }
}

// Rows of all pictures' outputs, counted through, first .. last (half-open).
void convolve_rows(const Layer& layer, const float* input, const float* residual, float* out,
                   int first, int last) {
    // Kept per thread, so that layer after layer allocates nothing.
    thread_local std::vector<float> room;
    const ConvolveShape& s = layer.shape;
    const int rows = s.out_rows(), cols = s.out_cols(), groups = s.groups();
    const std::size_t in_row = size(s.cols) * size(s.in_channels);
    while (first < last) {
        const int image = first / rows, row = first % rows;
        const int count = std::min(last - first, rows - row);
        const float* picture = input + in_row * size(s.rows) * size(image);
        if (std::max(s.padding_rows, s.padding_cols) > 0) {
            const int seen = (count - 1) * s.stride + s.dilation_rows * (s.kernel_rows - 1) + 1;
            const std::size_t whole = size(seen) * size(padded_cols(s)) * size(s.in_channels);
            if (room.size() < whole) room.resize(whole);
            pad(picture, s, row * s.stride, seen, room.data());
            picture = room.data();
        } else {
            picture += in_row * size(row * s.stride);
        }
        const std::size_t pixel = size(first) * size(cols);
        const float* added = residual ? residual + pixel * size(s.out_channels) : nullptr;
        for (int group = 0; group < groups; group += kConvolveGroups)
            convolve_groups(layer, picture, added, out + pixel * size(s.out_next), count * cols,
                            group, std::min(kConvolveGroups, groups - group));
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
    Layer layer{weights, bias, relu, shape, kernels_of(isa), {}, shape.in_channels * joined};
    for (int y = 0; y < shape.kernel_rows; ++y)
        for (int x = 0; x < shape.kernel_cols; x += joined)
            layer.offsets.push_back(
                (static_cast<std::ptrdiff_t>(y) * shape.dilation_rows * padded_cols(shape) +
                 static_cast<std::ptrdiff_t>(x) * shape.dilation_cols) *
                shape.in_channels);
    parallel_bands(threads, shape.images * shape.out_rows(), 1, [&](int begin, int end) {
        convolve_rows(layer, input, residual, out, begin, end);
    });
}

}  // namespace pyanalyzer
