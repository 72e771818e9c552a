#include "pyanalyzer/difference.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "difference_kernels.hpp"
#include "difference_steps.hpp"
#include "pyanalyzer/threads.hpp"

namespace pyanalyzer {

namespace steps {

PaddedPicture::PaddedPicture(int width, int height, int padding)
    : width_(width),
      height_(height),
      padding_(padding),
      stride_(width + 2 * padding),
      pixels_(static_cast<std::size_t>(stride_) * static_cast<std::size_t>(height + 2 * padding) +
              kSearchSlack) {}

MutableLumaView PaddedPicture::inner() {
    return {pixels_.data() + stride_ * padding_ + padding_, stride_, width_, height_};
}

LumaView PaddedPicture::inner() const {
    return {pixels_.data() + stride_ * padding_ + padding_, stride_, width_, height_};
}

void PaddedPicture::repeat_border() {
    const MutableLumaView view = inner();
    const auto padding = static_cast<std::size_t>(padding_);
    for (int y = 0; y < height_; ++y) {
        std::uint8_t* row = view.row(y);
        std::memset(row - padding, row[0], padding);
        std::memset(row + width_, row[width_ - 1], padding);
    }
    for (int y = 1; y <= padding_; ++y) {
        const auto bytes = static_cast<std::size_t>(stride_);
        std::memcpy(view.row(-y) - padding, view.row(0) - padding, bytes);
        std::memcpy(view.row(height_ - 1 + y) - padding, view.row(height_ - 1) - padding, bytes);
    }
}

std::vector<std::uint8_t> measured_blocks(const Grid& grid, int width, int height, bool aligned,
                                          const InverseQ16& inverse, const std::uint8_t* valid) {
    std::vector<std::uint8_t> measured(static_cast<std::size_t>(grid.count()), 1);
    if (valid) std::copy_n(valid, grid.count(), measured.begin());
    if (!aligned || inverse == InverseQ16{}) return measured;
    // The source of a block is a square too, so its corners decide.
    constexpr std::int64_t half = 32768;
    const std::int64_t x_end = (static_cast<std::int64_t>(width - 1) << 16) + half;
    const std::int64_t y_end = (static_cast<std::int64_t>(height - 1) << 16) + half;
    std::size_t block = 0;
    for (int by = 0; by < grid.rows; ++by) {
        for (int bx = 0; bx < grid.cols; ++bx, ++block) {
            for (const std::int64_t y : {by * kBlockPx, by * kBlockPx + kBlockPx - 1}) {
                for (const std::int64_t x : {bx * kBlockPx, bx * kBlockPx + kBlockPx - 1}) {
                    const std::int64_t xs = inverse.a * x - inverse.b * y + inverse.tx;
                    const std::int64_t ys = inverse.b * x + inverse.a * y + inverse.ty;
                    if (xs < -half || xs > x_end || ys < -half || ys > y_end) measured[block] = 0;
                }
            }
        }
    }
    return measured;
}

namespace {

void block_sums(LumaView previous, LumaView current, LumaView warped, const Grid& grid,
                const EvidenceArrays& out, int threads, Isa isa) {
    auto* kernel = scalar::block_row;
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx2) kernel = avx2::block_row;
#else
    (void)isa;
#endif
    parallel_bands(threads, grid.rows, 1, [&](int begin, int end) {
        for (int by = begin; by < end; ++by) {
            const int y = by * kBlockPx;
            const int first = by * grid.cols;
            kernel({current.row(y), previous.row(y), warped.row(y), current.stride, previous.stride,
                    warped.stride, current.width, y + kBlockPx < current.height, out.mean + first,
                    out.texture + first, out.difference + first, out.residual + first,
                    out.signed_sum + first},
                   0, grid.cols);
        }
    });
}

// No evidence from blocks that were not measured, and nothing at all from those that are masked.
void clear_unmeasured(const Grid& grid, const std::vector<std::uint8_t>& measured,
                      const std::uint8_t* valid, const EvidenceArrays& out) {
    for (int block = 0; block < grid.count(); ++block) {
        if (measured[static_cast<std::size_t>(block)]) continue;
        out.residual[block] = 0;
        out.signed_sum[block] = 0;
        if (!valid || valid[block]) continue;
        out.mean[block] = 0;
        out.texture[block] = 0;
        out.difference[block] = 0;
    }
}

}  // namespace
}  // namespace steps

void difference(LumaView previous, LumaView current, bool aligned, const InverseQ16& inverse,
                const std::uint8_t* valid, const ConstMemoryArrays& memory,
                const EvidenceArrays& out, const MemoryArrays& next, int threads, Isa isa) {
    if (previous.width != current.width || previous.height != current.height)
        throw std::invalid_argument("previous and current must have the same size");
    if (std::min(current.width, current.height) < kMinPicturePx)
        throw std::invalid_argument("pictures must be at least 32 px on a side");
    const steps::Grid grid{current.height / kBlockPx, current.width / kBlockPx};
    const auto values = static_cast<std::size_t>(grid.count()) * 2;
    const auto measured =
        steps::measured_blocks(grid, current.width, current.height, aligned, inverse, valid);
    // One more than the farthest displacement: the sub-pixel step looks at its neighbours.
    steps::PaddedPicture warped(current.width, current.height, kReachPx + 1);
    if (aligned) warp(previous, inverse, warped.inner(), threads, isa);
    steps::block_sums(previous, current, aligned ? LumaView(warped.inner()) : previous, grid, out,
                      threads, isa);
    steps::clear_unmeasured(grid, measured, valid, out);
    steps::noise_floor(grid, aligned, measured, memory.quiet_q4, out);
    std::copy_n(memory.quiet_q4, grid.count(), next.quiet_q4);
    if (aligned) {
        warped.repeat_border();
        steps::block_motion(current, warped, grid, measured, out, threads, isa);
        steps::motion_change(grid, inverse, measured, memory.motion_q4, out);
        steps::learn_quiet(grid, measured, out, next.quiet_q4);
    } else {
        std::copy_n(out.residual, grid.count(), out.match);
        std::fill_n(out.motion_q4, values, std::int16_t{0});
        std::fill_n(out.motion_change_q4, values, std::int16_t{0});
    }
    std::copy_n(out.motion_q4, values, next.motion_q4);
}

}  // namespace pyanalyzer
