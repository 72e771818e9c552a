#include "pyanalyzer/convolve_3x3.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "convolve_3x3_kernels.hpp"
#include "convolve_3x3_steps.hpp"
#include "convolve_kernels.hpp"
#include "pyanalyzer/threads.hpp"

namespace {

// Four channels at once, which compilers make one instruction of.
struct Four {
    static constexpr int kAtOnce = 4;
    float values[kAtOnce];
    static Four load(const float* from) { return {{from[0], from[1], from[2], from[3]}}; }
    void store(float* to) const { std::copy(values, values + kAtOnce, to); }
    template <class Operation>
    static Four each(Operation operation) {
        return {{operation(0), operation(1), operation(2), operation(3)}};
    }
    Four with_first(int count, const float* from) const {
        return each([&](int i) { return i < count ? from[i] : values[i]; });
    }
    Four above_zero() const {
        return each([this](int i) { return values[i] > 0.0F ? values[i] : 0.0F; });
    }
};
inline Four operator+(const Four& a, const Four& b) {
    return Four::each([&](int i) { return a.values[i] + b.values[i]; });
}
inline Four operator-(const Four& a, const Four& b) {
    return Four::each([&](int i) { return a.values[i] - b.values[i]; });
}
inline Four operator*(float a, const Four& b) {
    return Four::each([&](int i) { return a * b.values[i]; });
}

}  // namespace

namespace pyanalyzer {

namespace scalar {

void winograd_input(const WinogradInput& square) { whole_input<Four, One>(square); }
void winograd_output(const WinogradOutput& square) { whole_output<Four>(square); }

}  // namespace scalar

namespace {

// So many squares pass through all points together: those of a tile. With more of them the weights
// of a point were read less often, but less of all else stayed in the second cache.
constexpr int kSquares = kConvolvePixels;

struct Kernels {
    decltype(&scalar::convolve_tile) products;
    decltype(&scalar::winograd_input) input;
    decltype(&scalar::winograd_output) output;
};

Kernels kernels(Isa isa) {
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx512)
        return {avx512::convolve_tile, avx512::winograd_input, avx512::winograd_output};
    if (isa >= Isa::avx2) return {avx2::convolve_tile, avx2::winograd_input, avx2::winograd_output};
#else
    (void)isa;
#endif
    return {scalar::convolve_tile, scalar::winograd_input, scalar::winograd_output};
}

std::size_t size(int value) { return static_cast<std::size_t>(value); }
std::ptrdiff_t at(int value) { return value; }
int up(int value, int step) { return (value + step - 1) / step; }

// The first rows of the squares of a side's outputs: those of each of `dilation` phases, one phase
// after the other.
std::vector<int> square_starts(int length, int dilation) {
    std::vector<int> starts;
    for (int phase = 0; phase < dilation; ++phase)
        for (int start = phase; start < length; start += kWinogradOut * dilation)
            starts.push_back(start);
    return starts;
}

struct Layer {
    const float* weights;
    const float* bias;
    bool relu;
    ConvolveShape shape;
    Kernels kernels;
    std::vector<int> square_rows, square_cols;  // where squares begin: at all pairs of these

    int squares() const {
        return static_cast<int>(square_rows.size() * square_cols.size()) * shape.images;
    }
};

// One square: its picture, and the first row and column of its outputs.
struct Square {
    int image, row, col;
};

Square square_at(const Layer& layer, int number) {
    const int rows = static_cast<int>(layer.square_rows.size());
    const int cols = static_cast<int>(layer.square_cols.size());
    return {number / (rows * cols), layer.square_rows[size(number / cols % rows)],
            layer.square_cols[size(number % cols)]};
}

// One line of the cache.
struct alignas(64) Line {
    float values[kConvolveLanes];
};

// What a thread works in: the inputs of some squares at all points, (points, kSquares, channels),
// and their sums, (points, groups, kSquares, kConvolveLanes).
class Block {
  public:
    Block(const Layer& layer, const float* input, const ConvolveShift& shift)
        : layer_(layer),
          input_(input),
          shift_(shift),
          zeros_(room<0>(size(layer.shape.in_channels))),
          inputs_(room<1>(size(kWinogradPoints) * inputs_of_point())),
          sums_(room<2>(size(kWinogradPoints) * sums_of_point())) {}

    // Squares first .. last (half-open), at most kSquares.
    void run(int first, int last, const float* residual, float* out) {
        count_ = last - first;
        for (int i = 0; i < count_; ++i) take(square_at(layer_, first + i), i);
        for (int point = 0; point < kWinogradPoints; ++point) multiply(point);
        for (int i = 0; i < count_; ++i) give(square_at(layer_, first + i), i, residual, out);
    }

  private:
    // Kept per thread, so that layer after layer allocates nothing.
    template <int kWhich>
    static float* room(std::size_t floats) {
        thread_local std::vector<Line> kept;
        const std::size_t lines = (floats + kConvolveLanes - 1) / kConvolveLanes;
        if (kept.size() < lines) kept.resize(lines);
        return kept.data()->values;
    }
    // One line of the cache more than there is to hold, so that the points of a square do not all
    // fall into the same few sets of the cache.
    std::size_t inputs_of_point() const {
        return kSquares * size(layer_.shape.in_channels) + kConvolveLanes;
    }
    std::size_t sums_of_point() const {
        return kSquares * size(layer_.shape.groups() * kConvolveLanes) + kConvolveLanes;
    }

    using Cells = std::array<const float*, kWinogradPoints>;

    // An image, which may be the one before all others or the one after them; null where none is.
    const float* image(int number) const {
        const ConvolveShape& s = layer_.shape;
        if (number < 0) return shift_.before;
        if (number == s.images) return shift_.after;
        return input_ + size(number) * size(s.rows) * size(s.cols) * size(s.in_channels);
    }

    // Where the inputs of a square lie in an image; zeros where it reaches over the edge.
    Cells cells(const Square& square, const float* picture) const {
        const ConvolveShape& s = layer_.shape;
        Cells found{};
        for (int cell = 0; cell < kWinogradPoints; ++cell) {
            const int y = square.row - s.padding_rows + cell / kWinogradIn * s.dilation_rows;
            const int x = square.col - s.padding_cols + cell % kWinogradIn * s.dilation_cols;
            const bool inside = picture && y >= 0 && y < s.rows && x >= 0 && x < s.cols;
            found[size(cell)] = inside ? picture + (at(y) * s.cols + x) * s.in_channels : zeros_;
        }
        return found;
    }

    void take(const Square& square, int i) {
        const int channels = layer_.shape.in_channels;
        const Cells here = cells(square, image(square.image));
        Cells later{}, earlier{};
        if (shift_.channels > 0) {
            later = cells(square, image(square.image + 1));
            earlier = cells(square, image(square.image - 1));
        }
        layer_.kernels.input({here.data(), later.data(), earlier.data(), shift_.channels, channels,
                              inputs_ + at(i) * channels,
                              static_cast<std::ptrdiff_t>(inputs_of_point())});
    }

    void multiply(int point) {
        const ConvolveShape& s = layer_.shape;
        const std::size_t group_size = size(s.in_channels) * kConvolveLanes;
        const float* weights = layer_.weights + size(point * s.groups()) * group_size;
        const float* inputs = inputs_ + size(point) * inputs_of_point();
        float* sums = sums_ + size(point) * sums_of_point();
        const std::ptrdiff_t offset = 0;
        std::array<const float*, kSquares> starts{};
        for (int i = 0; i < count_; ++i) starts[size(i)] = inputs + at(i) * s.in_channels;
        for (int group = 0; group < s.groups(); group += kConvolveGroups)
            layer_.kernels.products({starts.data(), &offset, 1, s.in_channels, count_,
                                     std::min(kConvolveGroups, s.groups() - group),
                                     weights + size(group) * group_size,
                                     static_cast<std::ptrdiff_t>(group_size),
                                     sums + at(group) * kSquares * kConvolveLanes, true});
    }

    void give(const Square& square, int i, const float* residual, float* out) {
        const ConvolveShape& s = layer_.shape;
        const std::ptrdiff_t pixel =
            (at(square.image) * s.out_rows() + square.row) * s.out_cols() + square.col;
        const std::ptrdiff_t down = at(s.out_cols()) * s.dilation_rows;
        const auto inside = [](int length, int start, int step) {
            return std::min(up(length - start, step), kWinogradOut);
        };
        for (int group = 0; group < s.groups(); ++group) {
            const int first = group * kConvolveLanes;
            const WinogradOutput square_out{
                sums_ + at((group * kSquares) + i) * kConvolveLanes,
                static_cast<std::ptrdiff_t>(sums_of_point()),
                layer_.bias + first,
                residual ? residual + pixel * s.out_channels + first : nullptr,
                down * s.out_channels,
                at(s.dilation_cols) * s.out_channels,
                out + pixel * s.out_next + first,
                down * s.out_next,
                at(s.dilation_cols) * s.out_next,
                inside(s.out_rows(), square.row, s.dilation_rows),
                inside(s.out_cols(), square.col, s.dilation_cols),
                layer_.relu};
            if (s.out_channels - first >= kConvolveLanes)
                layer_.kernels.output(square_out);
            else
                give_part(square_out, s.out_channels - first);
        }
    }

    // The same of fewer channels than a group has: through a group's worth of room.
    void give_part(const WinogradOutput& square, int channels) {
        constexpr std::ptrdiff_t kCol = kConvolveLanes, kRow = kWinogradOut * kCol;
        std::array<float, size_t{kWinogradOut} * kRow> residual{}, out;
        WinogradOutput whole = square;
        whole.to = out.data();
        whole.row = kRow;
        whole.col = kCol;
        const auto each = [&](std::ptrdiff_t there_row, std::ptrdiff_t there_col, auto&& copy) {
            for (int y = 0; y < square.rows; ++y)
                for (int x = 0; x < square.cols; ++x)
                    copy(y * kRow + x * kCol, y * there_row + x * there_col);
        };
        if (square.residual) {
            each(square.residual_row, square.residual_col,
                 [&](std::ptrdiff_t here, std::ptrdiff_t there) {
                     std::copy_n(square.residual + there, channels, residual.data() + here);
                 });
            whole.residual = residual.data();
            whole.residual_row = kRow;
            whole.residual_col = kCol;
        }
        layer_.kernels.output(whole);
        each(square.row, square.col, [&](std::ptrdiff_t here, std::ptrdiff_t there) {
            std::copy_n(out.data() + here, channels, square.to + there);
        });
    }

    const Layer& layer_;
    const float* input_;
    int count_ = 0;
    const ConvolveShift& shift_;
    const float* zeros_;  // what lies around a picture
    float *inputs_, *sums_;
};

Layer layer_of(const float* weights, const float* bias, bool relu, const ConvolveShape& s,
               Isa isa) {
    const bool positive = std::min({s.images, s.rows, s.cols, s.in_channels, s.dilation_rows,
                                    s.dilation_cols, s.out_channels}) > 0;
    if (!positive || s.kernel_rows != 3 || s.kernel_cols != 3 || s.stride != 1 ||
        std::min(s.padding_rows, s.padding_cols) < 0 || std::min(s.out_rows(), s.out_cols()) < 1)
        throw std::invalid_argument("convolve_3x3: these sizes leave no output");
    return {weights,
            bias,
            relu,
            s,
            kernels(isa),
            square_starts(s.out_rows(), s.dilation_rows),
            square_starts(s.out_cols(), s.dilation_cols)};
}

}  // namespace

void convolve_3x3(const float* input, const float* weights, const float* bias,
                  const float* residual, bool relu, float* out, const ConvolveShape& shape,
                  const ConvolveShift& shift, int threads, Isa isa) {
    const Layer layer = layer_of(weights, bias, relu, shape, isa);
    if (shift.channels < 0 || 2 * shift.channels > shape.in_channels)
        throw std::invalid_argument("convolve_3x3: shift must be at most half of all channels");
    parallel_bands(threads, layer.squares(), 1, [&](int begin, int end) {
        Block block(layer, input, shift);
        for (; begin < end; begin += kSquares)
            block.run(begin, std::min(begin + kSquares, end), residual, out);
    });
}

}  // namespace pyanalyzer
