#include "pyanalyzer/block_maps.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "pyanalyzer/image.hpp"

namespace pyanalyzer {

namespace {

using Table = std::array<std::uint8_t, 65536>;  // a byte for every 16 bits

constexpr int kTexturedSum = 256;  // of a block's gradients: 4 a pixel, above usual coding noise
constexpr double kPartsOfPx = 256.0;

// Twice the square root: 0 .. 16320 becomes 0 .. 255.
Table root_table() {
    Table table{};
    for (std::size_t i = 0; i < table.size(); ++i)
        table[i] = static_cast<std::uint8_t>(
            std::min(std::sqrt(static_cast<float>(i)) * 2.0F + 0.5F, 255.0F));
    return table;
}

// Of a number with a sign: 128 and the square root of so many parts of it, times `gain`.
Table signed_table(float gain, float parts) {
    Table table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        const auto value = static_cast<float>(static_cast<std::int16_t>(i)) / parts;
        const float sign = value > 0.0F ? 1.0F : value < 0.0F ? -1.0F : 0.0F;
        const float root = sign * std::sqrt(std::abs(value)) * gain;
        table[i] =
            static_cast<std::uint8_t>(std::clamp(std::nearbyint(root) + 128.0F, 0.0F, 255.0F));
    }
    return table;
}

struct Tables {
    Table root = root_table();
    Table signed_sum = signed_table(1.0F, 1.0F);
    Table motion = signed_table(8.0F, 1.0F);   // 1/16 px: 8 steps; 15 px, the farthest search: 124
    Table flow = signed_table(16.0F, 256.0F);  // 1/256 px: 1 step; 63 px, a fast turn, fit in
    Table flow_change = signed_table(32.0F, 256.0F);  // as finely as motion
};

const Tables& tables() {
    static const Tables all;
    return all;
}

// What 16 bits do not hold is far beyond what the tables tell apart.
std::uint16_t bits(std::int32_t value) {
    return static_cast<std::uint16_t>(std::clamp(value, -32768, 32767));
}

// Zero has no sign: which of equal values lies in the middle is not the same everywhere.
template <typename Number>
double median(std::vector<Number>& values) {
    const auto half = static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), values.begin() + half, values.end());
    const auto high = static_cast<double>(values[static_cast<std::size_t>(half)]);
    if (values.size() % 2 == 1) return high + 0.0;
    const auto low = static_cast<double>(*std::max_element(values.begin(), values.begin() + half));
    return (low + high) / 2.0 + 0.0;
}

// Room for the values of one frame, kept per thread.
struct Seen {
    std::vector<std::int32_t> x, y;
    std::vector<double> expansion, expansion_change;
};

}  // namespace

BlockSummary block_maps(const BlockMeasures& m, std::uint8_t* maps) {
    const Tables& table = tables();
    const std::size_t blocks = static_cast<std::size_t>(m.rows) * static_cast<std::size_t>(m.cols);
    const auto map = [&](std::size_t channel) { return maps + channel * blocks; };
    BlockSummary found{};
    thread_local Seen seen;
    seen.x.clear();
    seen.y.clear();
    seen.expansion.clear();
    seen.expansion_change.clear();
    // Blocks nearer to the centre than a quarter of the short side say too little of an expansion.
    const double near = std::min(m.rows, m.cols) * kBlockPx / 4.0;
    for (std::size_t i = 0; i < blocks; ++i) {
        const std::uint16_t residual = m.residual[i];
        const auto excess =
            static_cast<std::uint16_t>(residual - std::min(residual, m.noise_floor[i]));
        found.difference += m.difference[i];
        found.residual += residual;
        found.active += excess > 0;
        map(0)[i] = m.mean[i];
        map(1)[i] = table.root[m.texture[i]];
        map(2)[i] = table.root[m.difference[i]];
        map(3)[i] = table.root[residual];
        map(4)[i] = table.root[excess];
        map(5)[i] = table.root[m.match[i]];
        map(6)[i] = table.root[m.flow_match[i]];
        map(7)[i] = table.signed_sum[bits(m.signed_sum[i])];
        std::int32_t flow[2] = {0, 0}, change[2] = {0, 0};
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::size_t at = 2 * i + axis;
            if (m.flow_q8) flow[axis] = m.flow_q8[at];
            if (m.flow_q8 && m.flow_before_q8) change[axis] = flow[axis] - m.flow_before_q8[at];
            map(8 + axis)[i] = table.motion[bits(m.motion_q4[at])];
            map(10 + axis)[i] = table.motion[bits(m.motion_change_q4[at])];
            map(12 + axis)[i] = table.flow[bits(flow[axis])];
            map(14 + axis)[i] = table.flow_change[bits(change[axis])];
        }
        if (m.texture[i] < kTexturedSum) continue;
        seen.x.push_back(change[0]);
        seen.y.push_back(change[1]);
        const auto row = static_cast<double>(i / static_cast<std::size_t>(m.cols));
        const auto col = static_cast<double>(i % static_cast<std::size_t>(m.cols));
        const double x = (col - (m.cols - 1) / 2.0) * kBlockPx;
        const double y = (row - (m.rows - 1) / 2.0) * kBlockPx;
        const double squared = x * x + y * y;
        if (squared < near * near) continue;
        seen.expansion.push_back((flow[0] * x + flow[1] * y) / squared);
        seen.expansion_change.push_back((change[0] * x + change[1] * y) / squared);
    }
    if (!seen.x.empty()) {
        found.change_x_px = median(seen.x) / kPartsOfPx;
        found.change_y_px = median(seen.y) / kPartsOfPx;
    }
    if (!seen.expansion.empty()) {
        found.expansion = median(seen.expansion) / kPartsOfPx;
        found.expansion_change = median(seen.expansion_change) / kPartsOfPx;
    }
    return found;
}

}  // namespace pyanalyzer
