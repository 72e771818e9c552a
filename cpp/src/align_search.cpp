#include "align_search.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "align_refine.hpp"
#include "pyanalyzer/threads.hpp"

namespace pyanalyzer {

namespace scalar {

void sad_row(const std::uint8_t* current, std::ptrdiff_t current_stride,
             const std::uint8_t* previous, std::ptrdiff_t previous_stride, int cols, int shifts,
             std::uint16_t* out, std::ptrdiff_t out_stride) {
    for (int shift = 0; shift < shifts; ++shift)
        for (int col = 0; col < cols; ++col) {
            int sum = 0;
            for (int y = 0; y < kBlockPx; ++y) {
                const std::uint8_t* c = current + current_stride * y + col * kBlockPx;
                const std::uint8_t* p = previous + previous_stride * y + col * kBlockPx + shift;
                for (int x = 0; x < kBlockPx; ++x) sum += c[x] > p[x] ? c[x] - p[x] : p[x] - c[x];
            }
            out[shift * out_stride + col] = static_cast<std::uint16_t>(sum);
        }
}

void cross_row(const std::uint16_t* above, const std::uint16_t* here, const std::uint16_t* below,
               int cols, std::uint16_t* out) {
    for (int col = 0; col < cols; ++col) {
        const int sum = 2 * here[col] + here[col - 1] + here[col + 1] + above[col] + below[col];
        out[col] = static_cast<std::uint16_t>(sum < 65535 ? sum : 65535);
    }
}

void track_minimum(const std::uint16_t* values, int count, std::uint16_t index,
                   std::uint16_t* minimum, std::uint16_t* best, std::uint32_t* sum) {
    for (int i = 0; i < count; ++i) {
        sum[i] += values[i];
        if (values[i] < minimum[i]) {
            minimum[i] = values[i];
            best[i] = index;
        }
    }
}

}  // namespace scalar

namespace {

constexpr int kHighpassRadiusPx = 4;
constexpr int kMaxRadiusPx = 48;
constexpr std::int64_t kMinGain = 200;   // a block whose best SAD is no lower is not distinct
constexpr std::int64_t kMaxGain = 2000;  // more contrast than that gives no more weight
constexpr int kTranslations = 48;        // hypotheses drawn
constexpr int kPairs = 200;
constexpr double kMinPairDistancePx = 24.0;
constexpr double kMaxHypothesisChange = 0.15;  // of scale and rotation
constexpr int kAgreePx = 2;  // neighbouring blocks whose best shifts differ by no more agree
constexpr double kUnrelatedAgree = 0.35, kUnrelatedShare = 0.35, kUnrelatedMargin = 0.22;

// 128 + luma - its mean over 9 x 9 px (border repeated) into out, whose border of `pad` px repeats.
void highpass(LumaView luma, int pad, std::vector<std::uint8_t>& out, std::ptrdiff_t stride) {
    constexpr int size = 2 * kHighpassRadiusPx + 1, area = size * size;
    const int w = luma.width, h = luma.height;
    out.resize(static_cast<std::size_t>(stride * (h + 2 * pad) + kPlanePadding));
    // Column sums over nine rows, with the border columns repeated to either side.
    std::vector<std::int32_t> columns(static_cast<std::size_t>(w + 2 * kHighpassRadiusPx), 0);
    std::int32_t* column = columns.data() + kHighpassRadiusPx;
    for (int j = -kHighpassRadiusPx; j <= kHighpassRadiusPx; ++j) {
        const std::uint8_t* row = luma.row(std::clamp(j, 0, h - 1));
        for (int x = 0; x < w; ++x) column[x] += row[x];
    }
    for (int y = 0; y < h; ++y) {
        for (int i = 1; i <= kHighpassRadiusPx; ++i) {
            column[-i] = column[0];
            column[w - 1 + i] = column[w - 1];
        }
        std::int32_t sum = area / 2;
        for (int i = -kHighpassRadiusPx; i < kHighpassRadiusPx; ++i) sum += column[i];
        const std::uint8_t* row = luma.row(y);
        std::uint8_t* to = out.data() + stride * (y + pad) + pad;
        for (int x = 0; x < w; ++x) {
            sum += column[x + kHighpassRadiusPx];
            to[x] = static_cast<std::uint8_t>(std::clamp(128 + row[x] - sum / area, 0, 255));
            sum -= column[x - kHighpassRadiusPx];
        }
        std::memset(to - pad, to[0], static_cast<std::size_t>(pad));
        std::memset(to + w, to[w - 1], static_cast<std::size_t>(pad));
        const std::uint8_t* leaving = luma.row(std::clamp(y - kHighpassRadiusPx, 0, h - 1));
        const std::uint8_t* entering = luma.row(std::clamp(y + kHighpassRadiusPx + 1, 0, h - 1));
        for (int x = 0; x < w; ++x) column[x] += entering[x] - leaving[x];
    }
    const std::size_t whole = static_cast<std::size_t>(w + 2 * pad);
    for (int y = 0; y < pad; ++y) {
        std::memcpy(out.data() + stride * y, out.data() + stride * pad, whole);
        std::memcpy(out.data() + stride * (h + pad + y), out.data() + stride * (h + pad - 1),
                    whole);
    }
}

// The centre of a block in 1/65536 px.
std::int64_t centre_q16(std::size_t index) {
    return (16 * static_cast<std::int64_t>(index) + 7) << 15;
}

}  // namespace

void BlockSearch::run(const AlignLevel& level, int threads, Isa isa) {
    const LumaView picture = level.current.view();
    rows_ = level.rows;
    cols_ = level.cols;
    blocks_ = level.valid.size();
    // A fifth of the longer side: 10 % of translation, and what scale and rotation add.
    radius_ = std::min(kMaxRadiusPx, (std::max(picture.width, picture.height) + 4) / 5);
    side_ = 2 * radius_ + 1;
    const int shifts = side_ * side_;
    // Rows are padded for kernels that load whole vectors, and so are the blocks of one shift.
    const std::ptrdiff_t current_stride = picture.width + kPlanePadding;
    const std::ptrdiff_t previous_stride = picture.width + 2 * radius_ + kPlanePadding;
    highpass(picture, 0, current_, current_stride);
    highpass(level.previous.view(), radius_, previous_, previous_stride);
    pitch_ = (blocks_ + 2 * kLanes - 1) / kLanes * kLanes;
    volume_.resize(static_cast<std::size_t>(shifts) * pitch_);
    const AlignKernels kernels = align_kernels(isa);
    parallel_bands(threads, side_, 1, [&](int begin, int end) {
        for (int sy = begin; sy < end; ++sy)
            sad_rows(level, kernels, previous_.data() + previous_stride * sy, previous_stride,
                     volume_.data() + static_cast<std::size_t>(sy * side_) * pitch_);
    });
    minimum_.assign(pitch_, 65535);
    best_.assign(pitch_, 0);
    sum_.assign(pitch_, 0);
    for (int shift = 0; shift < shifts; ++shift)
        kernels.track_minimum(volume_.data() + static_cast<std::size_t>(shift) * pitch_,
                              static_cast<int>(blocks_), static_cast<std::uint16_t>(shift),
                              minimum_.data(), best_.data(), sum_.data());
    weigh(level);
}

// All horizontal shifts of one vertical shift, whose first row of the previous picture is given.
void BlockSearch::sad_rows(const AlignLevel& level, const AlignKernels& kernels,
                           const std::uint8_t* previous, std::ptrdiff_t previous_stride,
                           std::uint16_t* out) const {
    const std::ptrdiff_t current_stride = level.current.view().width + kPlanePadding;
    // Per shift a grid of SADs with a border of zeros around the blocks.
    const std::ptrdiff_t stride = cols_ + 2 + kLanes;
    const std::ptrdiff_t grid = stride * (rows_ + 2);
    thread_local std::vector<std::uint16_t> sads;
    sads.assign(static_cast<std::size_t>(grid * side_ + kLanes), 0);
    for (int row = 0; row < rows_; ++row) {
        std::uint16_t* first = sads.data() + stride * (row + 1) + 1;
        kernels.sad_row(current_.data() + current_stride * row * kBlockPx, current_stride,
                        previous + previous_stride * row * kBlockPx, previous_stride, cols_, side_,
                        first, grid);
        const std::uint8_t* valid = level.valid.data() + static_cast<std::ptrdiff_t>(row) * cols_;
        for (int col = 0; col < cols_; ++col)
            if (!valid[col])
                for (int shift = 0; shift < side_; ++shift) first[grid * shift + col] = 0;
    }
    for (int shift = 0; shift < side_; ++shift)
        for (int row = 0; row < rows_; ++row) {
            const std::uint16_t* here = sads.data() + grid * shift + stride * (row + 1) + 1;
            kernels.cross_row(here - stride, here, here + stride, cols_,
                              out + static_cast<std::size_t>(shift) * pitch_ +
                                  static_cast<std::ptrdiff_t>(row) * cols_);
        }
}

void BlockSearch::weigh(const AlignLevel& level) {
    weights_.resize(blocks_);
    for (std::size_t i = 0; i < blocks_; ++i) {
        Weight& w = weights_[i];
        const std::int64_t minimum = minimum_[i];
        w.mean = static_cast<std::int64_t>(sum_[i]) / (static_cast<std::int64_t>(side_) * side_);
        const std::int64_t gain = w.mean - minimum;
        w.weight = level.valid[i] && gain >= kMinGain ? std::min(gain, kMaxGain) : 0;
        w.reference = (w.mean + minimum) >> 1;
        w.unit = (w.weight << 16) / std::max<std::int64_t>(w.reference - minimum, 1);
    }
}

double BlockSearch::score(const Model& model) const {
    const InverseQ16 q = quantize(model);
    double total = 0.0;
    for (int i = 0; i < kCellRows; ++i)
        for (int j = 0; j < kCellCols; ++j) {
            std::int64_t cell = 0;
            for (int row = i * rows_ / kCellRows; row < (i + 1) * rows_ / kCellRows; ++row)
                for (int col = j * cols_ / kCellCols; col < (j + 1) * cols_ / kCellCols; ++col) {
                    const std::int64_t x = centre_q16(static_cast<std::size_t>(col));
                    const std::int64_t y = centre_q16(static_cast<std::size_t>(row));
                    const std::int64_t sx =
                        ((((q.a - 65536) * x - q.b * y) >> 16) + q.tx + 32768) >> 16;
                    const std::int64_t sy =
                        (((q.b * x + (q.a - 65536) * y) >> 16) + q.ty + 32768) >> 16;
                    if (std::abs(sx) > radius_ || std::abs(sy) > radius_) continue;
                    const auto shift =
                        static_cast<std::size_t>((sy + radius_) * side_ + sx + radius_);
                    const auto block = static_cast<std::size_t>(row * cols_ + col);
                    const Weight& w = weights_[block];
                    const std::int64_t gained = w.reference - volume_[shift * pitch_ + block];
                    if (gained > 0) cell += (gained * w.unit) >> 16;
                }
            total = total + std::sqrt(static_cast<double>(cell));
        }
    return total;
}

// Where between its neighbours the best SAD would be lowest: the vertex of a parabola, in px.
double BlockSearch::vertex(std::size_t block, int step, int position) const {
    if (position <= 0 || position >= side_ - 1) return 0.0;
    const std::size_t at = static_cast<std::size_t>(best_[block]) * pitch_ + block;
    const std::size_t away = static_cast<std::size_t>(step) * pitch_;
    const double before = volume_[at - away], here = volume_[at], after = volume_[at + away];
    const double bend = before - 2.0 * here + after;
    return bend > 0.0 ? (before - after) / (2.0 * bend) : 0.0;
}

std::vector<Model> BlockSearch::hypotheses() const {
    std::vector<std::int64_t> upto(blocks_);
    std::vector<double> fx(blocks_), fy(blocks_);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < blocks_; ++i) {
        upto[i] = total += weights_[i].weight;
        const int by = best_[i] / side_, bx = best_[i] % side_;
        fx[i] = (bx - static_cast<double>(radius_)) + vertex(i, 1, bx);
        fy[i] = (by - static_cast<double>(radius_)) + vertex(i, side_, by);
    }
    std::vector<Model> found;
    if (total == 0) return found;
    std::uint32_t state = 12345;
    const auto draw = [&] {
        state = state * 1664525u + 1013904223u;  // Numerical Recipes' generator
        const auto at = static_cast<std::int64_t>(
            (std::uint64_t{state} * static_cast<std::uint64_t>(total)) >> 32);
        return static_cast<std::size_t>(std::upper_bound(upto.begin(), upto.end(), at) -
                                        upto.begin());
    };
    for (int k = 0; k < kTranslations; ++k) {
        const std::size_t i = draw();
        found.push_back({1.0, 0.0, fx[i], fy[i]});
    }
    const auto cols = static_cast<std::size_t>(cols_);
    const auto centre = [](std::size_t index) {
        return static_cast<double>(centre_q16(index)) / 65536.0;
    };
    for (int k = 0; k < kPairs; ++k) {
        const std::size_t i = draw(), j = draw();
        const double xi = centre(i % cols), yi = centre(i / cols);
        const double dx = centre(j % cols) - xi, dy = centre(j / cols) - yi;
        const double square = dx * dx + dy * dy;
        if (square < kMinPairDistancePx * kMinPairDistancePx) continue;
        const double ex = dx + (fx[j] - fx[i]), ey = dy + (fy[j] - fy[i]);
        const double a = (ex * dx + ey * dy) / square;
        const double b = (ey * dx - ex * dy) / square;
        if (std::abs(a - 1.0) > kMaxHypothesisChange || std::abs(b) > kMaxHypothesisChange)
            continue;
        found.push_back({a, b, xi + fx[i] - (a * xi - b * yi), yi + fy[i] - (b * xi + a * yi)});
    }
    return found;
}

bool BlockSearch::looks_unrelated(double share) const {
    std::int64_t shared = 0, agreeing = 0;
    const auto compare = [&](int here, int there) {
        const auto i = static_cast<std::size_t>(here), j = static_cast<std::size_t>(there);
        const std::int64_t both = std::min(weights_[i].weight, weights_[j].weight);
        shared += both;
        if (std::abs(best_[i] / side_ - best_[j] / side_) <= kAgreePx &&
            std::abs(best_[i] % side_ - best_[j] % side_) <= kAgreePx)
            agreeing += both;
    };
    for (int row = 0; row < rows_; ++row)
        for (int col = 0; col < cols_; ++col) {
            const int here = row * cols_ + col;
            if (col > 0) compare(here, here - 1);
            if (row > 0) compare(here, here - cols_);
        }
    std::int64_t remaining = 0, total = 0;
    for (std::size_t i = 0; i < blocks_; ++i) {
        remaining += weights_[i].weight *
                     ((static_cast<std::int64_t>(minimum_[i]) << 8) / (weights_[i].mean + 1));
        total += weights_[i].weight;
    }
    const double agree =
        shared > 0 ? static_cast<double>(agreeing) / static_cast<double>(shared) : 0.0;
    const double left =
        total > 0 ? static_cast<double>(remaining) / static_cast<double>(256 * total) : 1.0;
    if (agree < kUnrelatedAgree && share < kUnrelatedShare) return true;
    return agree + share < left + kUnrelatedMargin;
}

}  // namespace pyanalyzer
