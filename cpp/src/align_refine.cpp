#include "align_refine.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace pyanalyzer {

namespace {

// The scale of the robust weights is this many times the misfit that 35 of 100 blocks stay below:
// with 30 % of the picture moving and a HUD, that is still a block of the background.
constexpr std::size_t kScalePercent = 35;
constexpr double kScaleFactor = 2.0;
constexpr double kMinScale = 0.0005;  // misfit of an eighth of a pixel
constexpr std::size_t kMinBlocks = 4;
constexpr double kDamping = 1e-4;  // keeps scale and rotation where nothing shows them
// Following a motion, softly: misfits of 0.1 (1.8 px) and of 0.03 (1 px) count a quarter, a half.
constexpr double kFollowMisfit = 0.1;
constexpr double kConfidenceMisfit = 0.03;
constexpr double kBorderWeight = 2.0;
constexpr double kPlainShare = 0.1;  // a cell with less texture than this share of it says less

using Vector4 = std::array<double, 4>;
using Matrix4 = std::array<Vector4, 4>;

// Solves a positive definite system by elimination in a fixed order.
Vector4 solve_symmetric(Matrix4 a, Vector4 r) {
    for (std::size_t k = 0; k < 4; ++k)
        for (std::size_t i = k + 1; i < 4; ++i) {
            const double factor = a[i][k] / a[k][k];
            for (std::size_t j = k; j < 4; ++j) a[i][j] = a[i][j] - factor * a[k][j];
            r[i] = r[i] - factor * r[k];
        }
    Vector4 solution{};
    for (std::size_t k = 4; k-- > 0;) {
        double value = r[k];
        for (std::size_t j = k + 1; j < 4; ++j) value = value - a[k][j] * solution[j];
        solution[k] = value / a[k][k];
    }
    return solution;
}

// The scale of the robust weights; none where too few blocks have texture.
std::optional<double> robust_scale(const Measured& measured) {
    std::vector<double> misfits;
    misfits.reserve(measured.blocks.size());
    for (const Measured::Block& block : measured.blocks)
        if (block.usable && block.xx + block.yy > kFlatTexture) misfits.push_back(block.misfit);
    if (misfits.size() < kMinBlocks) return std::nullopt;
    const auto rank =
        misfits.begin() + static_cast<std::ptrdiff_t>(misfits.size() * kScalePercent / 100);
    std::nth_element(misfits.begin(), rank, misfits.end());
    return std::max(kMinScale, kScaleFactor * *rank);
}

// Normal equations of the update u = (p0 + p2*X - p3*Y, p1 + p3*X + p2*Y); X, Y are the block's
// centre from the picture's, over half the longer side.
Vector4 solve_update(const AlignLevel& level, const Measured& measured, double scale) {
    const LumaView picture = level.current.view();
    const double half = std::max(picture.height, picture.width) / 2.0;
    Matrix4 m{};
    Vector4 right{};
    std::size_t index = 0;
    for (int row = 0; row < level.rows; ++row) {
        const double y = (row * 8.0 + 3.5 - (picture.height - 1) / 2.0) / half;
        for (int col = 0; col < level.cols; ++col, ++index) {
            const Measured::Block& block = measured.blocks[index];
            if (!block.usable) continue;
            const double x = (col * 8.0 + 3.5 - (picture.width - 1) / 2.0) / half;
            const double ratio = 1.0 + block.misfit / scale;
            // Divided by the texture, each block has one say, however strong its contrast.
            const double weight = 1.0 / (ratio * ratio * (kFlatTexture + (block.xx + block.yy)));
            const double xx = block.xx * weight, xy = block.xy * weight, yy = block.yy * weight;
            const double xe = block.xe * weight, ye = block.ye * weight;
            const double x_scale = xx * x + xy * y, x_turn = xy * x - xx * y;
            const double y_scale = xy * x + yy * y, y_turn = yy * x - xy * y;
            m[0][0] += xx;
            m[0][1] += xy;
            m[0][2] += x_scale;
            m[0][3] += x_turn;
            m[1][1] += yy;
            m[1][2] += y_scale;
            m[1][3] += y_turn;
            m[2][2] += x_scale * x + y_scale * y;
            m[2][3] += x_turn * x + y_turn * y;
            m[3][3] += y_turn * x - x_turn * y;
            right[0] += xe;
            right[1] += ye;
            right[2] += xe * x + ye * y;
            right[3] += ye * x - xe * y;
        }
    }
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t j = 0; j < i; ++j) m[i][j] = m[j][i];
    const double damping = kDamping * (m[0][0] + m[1][1]);
    m[0][0] += 0.1 * damping;
    m[1][1] += 0.1 * damping;
    m[2][2] += damping;
    m[3][3] += damping;
    for (double& value : right) value = 4.0 * value;  // the gradient is 4-fold, so is this
    return solve_symmetric(m, right);
}

// model after the update p, and how far p moves the corners.
Model updated(const Model& model, const Vector4& p, int height, int width, double* step_px) {
    const double half = std::max(height, width) / 2.0;
    const double scale = p[2] / half, turn = p[3] / half;
    const double reach_x = std::abs(scale) * width / 2.0 + std::abs(turn) * height / 2.0;
    const double reach_y = std::abs(turn) * width / 2.0 + std::abs(scale) * height / 2.0;
    *step_px = std::max(std::abs(p[0]) + reach_x, std::abs(p[1]) + reach_y);
    const double x_centre = (width - 1) / 2.0, y_centre = (height - 1) / 2.0;
    const double ux = p[0] - (scale * x_centre - turn * y_centre);
    const double uy = p[1] - (turn * x_centre + scale * y_centre);
    return {model.a * (1.0 + scale) - model.b * turn, model.a * turn + model.b * (1.0 + scale),
            model.a * ux - model.b * uy + model.tx, model.b * ux + model.a * uy + model.ty};
}

}  // namespace

Model refine(const AlignLevel& level, Model model, int iterations, double stop_px, int threads,
             Isa isa, Measured& measured) {
    const LumaView picture = level.current.view();
    const double half = std::max(picture.height, picture.width) / 2.0;
    for (int iteration = 0; iteration < iterations; ++iteration) {
        measure(level, model, threads, isa, measured);
        const std::optional<double> scale = robust_scale(measured);
        if (!scale) break;
        const Vector4 p = solve_update(level, measured, *scale);
        double step_px = 0.0;
        const Model next = updated(model, p, picture.height, picture.width, &step_px);
        if (!(step_px <= kMaxLinearChange * half)) break;
        if (!plausible(next, picture.height, picture.width)) break;
        model = next;
        if (step_px < stop_px) break;
    }
    return model;
}

namespace {

struct CellSums {
    double size = 0.0;
    double textured = 0.0;
    double following = 0.0;
};

double follows(const Measured::Block& block) {
    const double ratio = 1.0 + block.misfit / kFollowMisfit;
    return block.usable ? block.weight / (ratio * ratio) : 0.0;
}

CellSums sum_cell(const AlignLevel& level, const Measured& measured, int i, int j) {
    CellSums cell;
    for (int row = i * level.rows / kCellRows; row < (i + 1) * level.rows / kCellRows; ++row) {
        const double y = std::abs((row * 2.0 + 1.0) / level.rows - 1.0);
        for (int col = j * level.cols / kCellCols; col < (j + 1) * level.cols / kCellCols; ++col) {
            const auto& block = measured.blocks[static_cast<std::size_t>(row * level.cols + col)];
            const double x = std::abs((col * 2.0 + 1.0) / level.cols - 1.0);
            const double outwards = std::max(x, y);
            const double place = 1.0 + kBorderWeight * outwards * outwards;
            cell.size += place;
            cell.textured += block.weight * place;
            cell.following += follows(block) * place;
        }
    }
    return cell;
}

}  // namespace

Objective objective(const AlignLevel& level, const Measured& measured) {
    Objective result{0.0, 1.0};
    for (int i = 0; i < kCellRows; ++i)
        for (int j = 0; j < kCellCols; ++j) {
            const CellSums cell = sum_cell(level, measured, i, j);
            if (cell.size > 0.0)
                result.spread += std::sqrt(cell.following * cell.size /
                                           (cell.textured + kPlainShare * cell.size));
        }
    double following = 0.0, total = 0.0;
    for (const Measured::Block& block : measured.blocks) {
        following += follows(block);
        total += block.weight;
    }
    if (total > 0.0) result.share = following / total;
    return result;
}

double confidence_of(const Measured& measured) {
    double follows = 0.0, total = 0.0;
    for (const Measured::Block& block : measured.blocks) {
        if (!block.usable) continue;
        const double ratio = block.misfit / kConfidenceMisfit;
        follows += block.weight / (1.0 + ratio * ratio);
        total += block.weight;
    }
    return total > 0.0 ? follows / total : 1.0;
}

}  // namespace pyanalyzer
