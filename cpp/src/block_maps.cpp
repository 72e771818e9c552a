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

    void clear() {
        x.clear();
        y.clear();
        expansion.clear();
        expansion_change.clear();
    }
};

}  // namespace

BlockSummary block_maps(const BlockMeasures& m, std::uint8_t* maps) {
    const Tables& table = tables();
    const std::size_t blocks = static_cast<std::size_t>(m.rows) * static_cast<std::size_t>(m.cols);
    const auto map = [&](std::size_t channel) { return maps + channel * blocks; };
    // One map after the other: each loop reads one table and writes one stretch of memory.
    const auto look_up = [&](const Table& values, std::size_t channel, auto&& value_of) {
        std::uint8_t* to = map(channel);
        for (std::size_t i = 0; i < blocks; ++i) to[i] = values[value_of(i)];
    };
    BlockSummary found{};
    for (std::size_t i = 0; i < blocks; ++i) {
        found.difference += m.difference[i];
        found.residual += m.residual[i];
        found.active += m.residual[i] > m.noise_floor[i];
    }
    std::copy_n(m.mean, blocks, map(0));
    look_up(table.root, 1, [&](std::size_t i) { return m.texture[i]; });
    look_up(table.root, 2, [&](std::size_t i) { return m.difference[i]; });
    look_up(table.root, 3, [&](std::size_t i) { return m.residual[i]; });
    look_up(table.root, 4, [&](std::size_t i) {
        return static_cast<std::uint16_t>(std::max(m.residual[i], m.noise_floor[i]) -
                                          m.noise_floor[i]);
    });
    look_up(table.root, 5, [&](std::size_t i) { return m.match[i]; });
    look_up(table.root, 6, [&](std::size_t i) { return m.flow_match[i]; });
    look_up(table.signed_sum, 7, [&](std::size_t i) { return bits(m.signed_sum[i]); });
    const auto flow = [&](std::size_t at) { return m.flow_q8 ? std::int32_t{m.flow_q8[at]} : 0; };
    const auto change = [&](std::size_t at) {
        return m.flow_q8 && m.flow_before_q8 ? m.flow_q8[at] - m.flow_before_q8[at] : 0;
    };
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const auto at = [axis](std::size_t i) { return 2 * i + axis; };
        look_up(table.motion, 8 + axis, [&](std::size_t i) { return bits(m.motion_q4[at(i)]); });
        look_up(table.motion, 10 + axis,
                [&](std::size_t i) { return bits(m.motion_change_q4[at(i)]); });
        look_up(table.flow, 12 + axis, [&](std::size_t i) { return bits(flow(at(i))); });
        look_up(table.flow_change, 14 + axis, [&](std::size_t i) { return bits(change(at(i))); });
    }
    thread_local Seen seen;
    seen.clear();
    // Blocks nearer to the centre than a quarter of the short side say too little of an expansion.
    const double near = std::min(m.rows, m.cols) * kBlockPx / 4.0;
    std::size_t i = 0;
    for (int row = 0; row < m.rows; ++row) {
        const double y = (row - (m.rows - 1) / 2.0) * kBlockPx;
        for (int col = 0; col < m.cols; ++col, ++i) {
            if (m.texture[i] < kTexturedSum) continue;
            const std::int32_t change_x = change(2 * i), change_y = change(2 * i + 1);
            seen.x.push_back(change_x);
            seen.y.push_back(change_y);
            const double x = (col - (m.cols - 1) / 2.0) * kBlockPx;
            const double squared = x * x + y * y;
            if (squared < near * near) continue;
            seen.expansion.push_back((flow(2 * i) * x + flow(2 * i + 1) * y) / squared);
            seen.expansion_change.push_back((change_x * x + change_y * y) / squared);
        }
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
