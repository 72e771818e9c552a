#include "align_blocks.hpp"

#include <algorithm>
#include <cstring>

#include "pyanalyzer/threads.hpp"

namespace pyanalyzer {

namespace scalar {

void block_row_sums(const std::uint8_t* current, std::ptrdiff_t current_stride,
                    const std::uint8_t* warped, std::ptrdiff_t warped_stride, int cols,
                    BlockSums* out) {
    std::fill(out, out + cols, BlockSums{});
    for (int y = 0; y < kBlockPx; ++y) {
        const std::uint8_t* c = current + current_stride * y;
        const std::uint8_t* w = warped + warped_stride * y;
        for (int x = 0; x < cols * kBlockPx; ++x) {
            const int gx = c[x + 1] + w[x + 1] - c[x - 1] - w[x - 1];
            const int gy = c[x + current_stride] + w[x + warped_stride] - c[x - current_stride] -
                           w[x - warped_stride];
            const int e = c[x] - w[x];
            BlockSums& s = out[x / kBlockPx];
            s.xx += gx * gx;
            s.xy += gx * gy;
            s.yy += gy * gy;
            s.xe += gx * e;
            s.ye += gy * e;
            s.ee += e * e;
            s.x += gx;
            s.y += gy;
            s.e += e;
        }
    }
}

}  // namespace scalar

AlignKernels align_kernels(Isa isa) {
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx512 && has_vbmi())
        return {vbmi::block_row_sums, avx2::sad_row, avx2::cross_row, avx2::track_minimum};
    if (isa >= Isa::avx2)
        return {avx2::block_row_sums, avx2::sad_row, avx2::cross_row, avx2::track_minimum};
#else
    (void)isa;
#endif
    return {scalar::block_row_sums, scalar::sad_row, scalar::cross_row, scalar::track_minimum};
}

void Plane::resize(int width, int height) {
    width_ = width;
    height_ = height;
    stride_ = (width + 2 * kPlanePadding + 31) / 32 * 32;
    storage_.resize(static_cast<std::size_t>(stride_) * static_cast<std::size_t>(height + 2));
}

void Plane::copy(LumaView source) {
    resize(source.width, source.height);
    const MutableLumaView to = view();
    for (int y = 0; y < source.height; ++y)
        std::memcpy(to.row(y), source.row(y), static_cast<std::size_t>(source.width));
}

void Plane::repeat_border() {
    const MutableLumaView to = view();
    for (int y = 0; y < height_; ++y) {
        std::uint8_t* row = to.row(y);
        row[-1] = row[0];
        row[width_] = row[width_ - 1];
    }
    const std::size_t size = static_cast<std::size_t>(width_) + 2;
    std::memcpy(to.row(-1) - 1, to.row(0) - 1, size);
    std::memcpy(to.row(height_) - 1, to.row(height_ - 1) - 1, size);
}

namespace {

double covariance(std::int32_t products, std::int32_t first, std::int32_t second) {
    return static_cast<double>(64 * static_cast<std::int64_t>(products) -
                               static_cast<std::int64_t>(first) * second);
}

bool is_usable(const AlignLevel& level, const Model& model, LumaView picture, int row, int col) {
    if (!level.valid[static_cast<std::size_t>(row * level.cols + col)]) return false;
    const double x = col * 8.0 + 3.5, y = row * 8.0 + 3.5;
    const double xs = model.a * x - model.b * y + model.tx;
    const double ys = model.b * x + model.a * y + model.ty;
    const bool inside = xs >= kMarginPx && xs <= picture.width - 1 - kMarginPx && ys >= kMarginPx &&
                        ys <= picture.height - 1 - kMarginPx;
    if (!inside) return false;
    const int source_col = std::clamp(static_cast<int>(xs / 8.0), 0, level.cols - 1);
    const int source_row = std::clamp(static_cast<int>(ys / 8.0), 0, level.rows - 1);
    return level.valid[static_cast<std::size_t>(source_row * level.cols + source_col)] != 0;
}

}  // namespace

void measure(const AlignLevel& level, const Model& model, int threads, Isa isa, Measured& out) {
    const LumaView current = level.current.view();
    out.warped.resize(current.width, current.height);
    warp(level.previous.view(), quantize(model), out.warped.view(), threads, isa);
    out.warped.repeat_border();
    const LumaView warped = static_cast<const Plane&>(out.warped).view();
    const auto blocks = static_cast<std::size_t>(level.rows) * static_cast<std::size_t>(level.cols);
    out.sums.resize(blocks);
    out.blocks.resize(blocks);
    const auto row_sums = align_kernels(isa).block_row_sums;
    parallel_bands(threads, level.rows, 1, [&](int begin, int end) {
        for (int row = begin; row < end; ++row) {
            BlockSums* sums = out.sums.data() + static_cast<std::ptrdiff_t>(row) * level.cols;
            row_sums(current.row(row * kBlockPx), current.stride, warped.row(row * kBlockPx),
                     warped.stride, level.cols, sums);
            for (int col = 0; col < level.cols; ++col) {
                const BlockSums& s = sums[col];
                const auto index = static_cast<std::size_t>(row * level.cols + col);
                Measured::Block& block = out.blocks[index];
                block.xx = covariance(s.xx, s.x, s.x);
                block.xy = covariance(s.xy, s.x, s.y);
                block.yy = covariance(s.yy, s.y, s.y);
                block.xe = covariance(s.xe, s.x, s.e);
                block.ye = covariance(s.ye, s.y, s.e);
                block.ee = covariance(s.ee, s.e, s.e);
                const double texture = block.xx + block.yy;
                block.weight = level.valid[index] && texture > kNoiseTexture
                                   ? (texture - kNoiseTexture) / (texture + kNoiseTexture)
                                   : 0.0;
                block.misfit = block.ee / (kFlatTexture + texture);
                block.usable = is_usable(level, model, current, row, col);
            }
        }
    });
}

}  // namespace pyanalyzer
