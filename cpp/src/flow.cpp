#include "pyanalyzer/flow.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "flow_kernels.hpp"
#include "pyanalyzer/difference.hpp"
#include "pyanalyzer/downscale.hpp"
#include "pyanalyzer/threads.hpp"

namespace pyanalyzer {

namespace scalar {

GradientSums take_patch(const std::uint8_t* corner, std::ptrdiff_t stride, Patch& patch) {
    GradientSums sums{};
    for (int i = 0; i < kPatchPixels; ++i) {
        const std::uint8_t* here = corner + stride * (i / kPatchPx) + i % kPatchPx;
        const int x = here[1] - here[-1], y = here[stride] - here[-stride];
        patch.pixel_q4[i] = static_cast<std::int16_t>(here[0] << 4);
        patch.gradient_x[i] = static_cast<std::int16_t>(x);
        patch.gradient_y[i] = static_cast<std::int16_t>(y);
        sums.x += x;
        sums.y += y;
        sums.xx += x * x;
        sums.xy += x * y;
        sums.yy += y * y;
    }
    return sums;
}

PatchSums compare_patch(const std::uint8_t* corner, std::ptrdiff_t stride, int fx, int fy,
                        const Patch& patch) {
    PatchSums sums{};
    for (int i = 0; i < kPatchPixels; ++i) {
        const std::uint8_t* top = corner + stride * (i / kPatchPx) + i % kPatchPx;
        const std::uint8_t* bottom = top + stride;
        const int upper = top[0] * (256 - fx) + top[1] * fx;
        const int lower = bottom[0] * (256 - fx) + bottom[1] * fx;
        const int there = (upper * (256 - fy) + lower * fy + 2048) >> 12;
        const int d = there - patch.pixel_q4[i];
        sums.d += d;
        sums.dd += d * d;
        sums.d_x += d * patch.gradient_x[i];
        sums.d_y += d * patch.gradient_y[i];
    }
    return sums;
}

}  // namespace scalar

namespace {

constexpr int kStepPx = 4;         // between patches: a block of the halved picture
constexpr int kPaddingPx = 16;     // how far a patch may look beyond the picture
constexpr int kCoarsestPx = 12;    // smaller pictures than this on a side say nothing
constexpr int kCloseQ8 = 256;      // 1 px: from so near the search arrives at the same vector
constexpr int kIterations = 6;     // by then most patches have settled within 1/256 px
constexpr int kStepLimitQ8 = 512;  // 2 px: farther the gradient is not to be trusted
// Added to both squared gradients: four levels a pixel, what coding leaves of a plain wall. Where
// there is less, the coarser level's answer stays.
constexpr std::int64_t kDamping = 2048;

// In 1/256 px of its level's picture.
struct Vector {
    std::int32_t x = 0;
    std::int32_t y = 0;
    bool operator==(const Vector&) const = default;
};

struct Kernels {
    decltype(&scalar::take_patch) take = scalar::take_patch;
    decltype(&scalar::compare_patch) compare = scalar::compare_patch;
};

Kernels kernels_for(Isa isa) {
    Kernels kernels;
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx2) kernels = {avx2::take_patch, avx2::compare_patch};
#else
    (void)isa;
#endif
    return kernels;
}

// To the nearest whole, halves away from zero; divisor > 0.
std::int64_t rounded_quotient(std::int64_t value, std::int64_t divisor) {
    const std::int64_t magnitude = ((value < 0 ? -value : value) + divisor / 2) / divisor;
    return value < 0 ? -magnitude : magnitude;
}

// A picture with its border repeated on every side.
class PaddedPicture {
  public:
    PaddedPicture(LumaView source, int threads, Isa isa)
        : width_(source.width / 2),
          height_(source.height / 2),
          stride_(width_ + 2 * kPaddingPx),
          pixels_(static_cast<std::size_t>(stride_ * (height_ + 2 * kPaddingPx))) {
        downscale(source, 2, inside(), threads, isa);
    }

    int width() const { return width_; }
    int height() const { return height_; }
    std::ptrdiff_t stride() const { return stride_; }
    const std::uint8_t* at(int x, int y) const { return inside().row(y) + x; }
    LumaView view() const { return inside(); }
    MutableLumaView inside() const {
        auto* corner = const_cast<std::uint8_t*>(pixels_.data()) + stride_ * kPaddingPx;
        return {corner + kPaddingPx, stride_, width_, height_};
    }

    void repeat_border() {
        for (int y = 0; y < height_; ++y) {
            std::uint8_t* row = inside().row(y);
            std::memset(row - kPaddingPx, row[0], kPaddingPx);
            std::memset(row + width_, row[width_ - 1], kPaddingPx);
        }
        const auto bytes = static_cast<std::size_t>(stride_);
        std::uint8_t* first = inside().row(0) - kPaddingPx;
        std::uint8_t* last = inside().row(height_ - 1) - kPaddingPx;
        for (int y = 1; y <= kPaddingPx; ++y) {
            std::memcpy(first - stride_ * y, first, bytes);
            std::memcpy(last + stride_ * y, last, bytes);
        }
    }

  private:
    int width_, height_;
    std::ptrdiff_t stride_;
    std::vector<std::uint8_t> pixels_;
};

// What is not to be looked at becomes grey in both pictures. Pixels beyond the last block belong to
// the nearest one.
void blank(MutableLumaView half, const std::uint8_t* valid, int rows, int cols) {
    for (int y = 0; y < half.height; ++y)
        for (int x = 0; x < half.width; ++x) {
            const int row = std::min(y / kStepPx, rows - 1);
            const int col = std::min(x / kStepPx, cols - 1);
            if (!valid[row * cols + col]) half.row(y)[x] = 128;
        }
}

struct Level {
    PaddedPicture previous, current;
    Level(LumaView before, LumaView now, int threads, Isa isa)
        : previous(before, threads, isa), current(now, threads, isa) {}
};

std::vector<Level> pyramid(LumaView previous, LumaView current, const std::uint8_t* valid,
                           int threads, Isa isa) {
    std::vector<Level> levels;
    for (;;) {
        Level& level = levels.emplace_back(previous, current, threads, isa);
        if (valid && levels.size() == 1)
            for (const PaddedPicture* picture : {&level.previous, &level.current})
                blank(picture->inside(), valid, current.height / kBlockPx,
                      current.width / kBlockPx);
        level.previous.repeat_border();
        level.current.repeat_border();
        previous = level.previous.view();
        current = level.current.view();
        if (std::min(current.width, current.height) < 2 * kCoarsestPx) return levels;
    }
}

// One vector, its squared difference and its weight for every patch of a level.
struct Field {
    int rows, cols;
    std::vector<Vector> vectors;
    std::vector<std::int64_t> unlike;
    std::vector<std::int64_t> weights;

    Field(int r, int c)
        : rows(r), cols(c), vectors(index(r * c)), unlike(index(r * c)), weights(index(r * c)) {}
    static std::size_t index(int i) { return static_cast<std::size_t>(i); }
    std::size_t at(int row, int col) const { return index(row * cols + col); }
};

// Where the search of a patch may begin.
constexpr std::size_t kStarts = 5;
struct Starts {
    std::array<Vector, kStarts> vectors{};
    std::size_t count = 1;
};

// Finds where the patches of one level's current picture were in its previous one.
class LevelSearch {
  public:
    LevelSearch(const Level& level, Kernels kernels) : level_(level), kernels_(kernels) {}

    // Begins at the vector among `starts` along which the patch looks most alike, the first of
    // equals.
    void fit(Field& field, int row, int col, const Starts& starts) const {
        const PaddedPicture& now = level_.current;
        const int x = std::clamp(col * kStepPx - 2, 0, now.width() - kPatchPx);
        const int y = std::clamp(row * kStepPx - 2, 0, now.height() - kPatchPx);
        Patch patch;
        const GradientSums sums = kernels_.take(now.at(x, y), now.stride(), patch);
        const std::int64_t xx = sums.xx - centred(sums.x, sums.x);
        const std::int64_t xy = sums.xy - centred(sums.x, sums.y);
        const std::int64_t yy = sums.yy - centred(sums.y, sums.y);
        const std::int64_t a = xx + kDamping, c = yy + kDamping, determinant = a * c - xy * xy;
        Vector v = limited(starts.vectors[0], x, y), best = v;
        PatchSums s = compare(patch, x, y, v);
        std::int64_t least = s.dd - centred(s.d, s.d);
        for (std::size_t i = 1; i < starts.count; ++i) {
            const Vector start = limited(starts.vectors[i], x, y);
            const PatchSums other = compare(patch, x, y, start);
            const std::int64_t unlike = other.dd - centred(other.d, other.d);
            if (unlike < least) least = unlike, s = other, v = best = start;
        }
        for (int i = 0; i < kIterations; ++i) {
            const std::int64_t p = s.d_x - centred(sums.x, s.d), q = s.d_y - centred(sums.y, s.d);
            // Twice the gradient and 16 times the difference make it 8 times too large, in px; so
            // 32 times makes 1/256 px.
            const Vector next = limited(
                {v.x - step(c * p - xy * q, determinant), v.y - step(a * q - xy * p, determinant)},
                x, y);
            if (next == v) break;
            v = next;
            s = compare(patch, x, y, v);
            const std::int64_t unlike = s.dd - centred(s.d, s.d);
            if (unlike < least) least = unlike, best = v;
        }
        const std::size_t at = field.at(row, col);
        field.vectors[at] = best;
        field.unlike[at] = least;
        // 1 to 4097 by likeness, times 1 to 15 by texture.
        const std::int64_t texture = xx + yy;
        field.weights[at] =
            (1 + 65536 / (16 + (least >> 10))) * (1 + texture * 15 / (texture + 4 * kDamping));
    }

  private:
    static std::int64_t centred(std::int64_t a, std::int64_t b) { return (a * b) >> 6; }

    static std::int32_t step(std::int64_t value, std::int64_t determinant) {
        return static_cast<std::int32_t>(std::clamp<std::int64_t>(
            rounded_quotient(32 * value, determinant), -kStepLimitQ8, kStepLimitQ8));
    }

    // Not farther beyond the picture than its border is repeated.
    Vector limited(Vector v, int x, int y) const {
        const int right = level_.previous.width() + kPaddingPx - kPatchPx - 1 - x;
        const int bottom = level_.previous.height() + kPaddingPx - kPatchPx - 1 - y;
        return {std::clamp(v.x, (-kPaddingPx - x) * 256, right * 256),
                std::clamp(v.y, (-kPaddingPx - y) * 256, bottom * 256)};
    }

    PatchSums compare(const Patch& patch, int x, int y, Vector v) const {
        const PaddedPicture& before = level_.previous;
        return kernels_.compare(before.at(x + (v.x >> 8), y + (v.y >> 8)), before.stride(),
                                v.x & 255, v.y & 255, patch);
    }

    const Level& level_;
    Kernels kernels_;
};

// Where a patch may have been: as the coarser patch that it lies in, or as one of the four around
// that, if it says something else. On the coarsest level only where it is now.
Starts starts_at(const Field& coarser, int row, int col) {
    Starts starts;
    if (coarser.rows == 0) return starts;
    const int r = std::min(row / 2, coarser.rows - 1), c = std::min(col / 2, coarser.cols - 1);
    const auto start = [&](int j, int i) {
        const Vector v = coarser.vectors[coarser.at(std::clamp(j, 0, coarser.rows - 1),
                                                    std::clamp(i, 0, coarser.cols - 1))];
        return Vector{2 * v.x, 2 * v.y};
    };
    const Vector first = starts.vectors[0] = start(r, c);
    constexpr std::array<std::pair<int, int>, kStarts - 1> around{
        {{-1, 0}, {0, -1}, {0, 1}, {1, 0}}};
    for (const auto& [j, i] : around) {
        const Vector other = start(r + j, c + i);
        if (std::abs(other.x - first.x) >= kCloseQ8 || std::abs(other.y - first.y) >= kCloseQ8)
            starts.vectors[starts.count++] = other;
    }
    return starts;
}

// The mean of each vector and its eight neighbours: weights times 4, 2 and 1.
std::vector<Vector> smoothed(const Field& field) {
    std::vector<Vector> out(field.vectors.size());
    for (int row = 0; row < field.rows; ++row)
        for (int col = 0; col < field.cols; ++col) {
            std::int64_t x = 0, y = 0, sum = 0;
            for (int j = std::max(row - 1, 0); j <= std::min(row + 1, field.rows - 1); ++j)
                for (int i = std::max(col - 1, 0); i <= std::min(col + 1, field.cols - 1); ++i) {
                    const std::size_t at = field.at(j, i);
                    const std::int64_t weight =
                        field.weights[at] * (j == row ? 2 : 1) * (i == col ? 2 : 1);
                    x += weight * field.vectors[at].x;
                    y += weight * field.vectors[at].y;
                    sum += weight;
                }
            out[field.at(row, col)] = {static_cast<std::int32_t>(rounded_quotient(x, sum)),
                                       static_cast<std::int32_t>(rounded_quotient(y, sum))};
        }
    return out;
}

}  // namespace

void flow(LumaView previous, LumaView current, const std::uint8_t* valid, std::int16_t* flow_q8,
          std::uint16_t* match, int threads, Isa isa) {
    if (previous.width != current.width || previous.height != current.height)
        throw std::invalid_argument("previous and current must have the same size");
    if (std::min(current.width, current.height) < kMinPicturePx)
        throw std::invalid_argument("pictures must be at least 32 px on a side");
    const std::vector<Level> levels = pyramid(previous, current, valid, threads, isa);
    Field field(0, 0);
    for (std::size_t l = levels.size(); l-- > 0;) {
        const Field coarser = std::move(field);
        const PaddedPicture& now = levels[l].current;
        field = l == 0 ? Field(current.height / kBlockPx, current.width / kBlockPx)
                       : Field(now.height() / kStepPx, now.width() / kStepPx);
        const LevelSearch search(levels[l], kernels_for(isa));
        parallel_bands(threads, field.rows, 1, [&](int begin, int end) {
            for (int row = begin; row < end; ++row)
                for (int col = 0; col < field.cols; ++col)
                    search.fit(field, row, col, starts_at(coarser, row, col));
        });
        field.vectors = smoothed(field);
    }
    for (std::size_t i = 0; i < field.vectors.size(); ++i) {
        const bool seen = !valid || valid[i];
        // From where it was to where it went, and from the halved picture to the whole.
        const Vector v = seen ? field.vectors[i] : Vector{};
        flow_q8[2 * i] = static_cast<std::int16_t>(std::clamp(-2 * v.x, -32767, 32767));
        flow_q8[2 * i + 1] = static_cast<std::int16_t>(std::clamp(-2 * v.y, -32767, 32767));
        match[i] = static_cast<std::uint16_t>(
            std::min<std::int64_t>(seen ? field.unlike[i] >> 8 : 0, 65535));
    }
}

}  // namespace pyanalyzer
