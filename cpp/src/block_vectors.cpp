#include "pyanalyzer/block_vectors.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace pyanalyzer {

namespace {

using Values = std::array<float, 256>;  // what becomes of each byte

// Of a channel about `zero`, turned round or as it is.
Values values_about(int zero, bool turned) {
    Values values{};
    for (int byte = 0; byte < 256; ++byte) {
        const int seen = turned ? std::min(256 - byte, 255) : byte;
        values[static_cast<std::size_t>(byte)] = static_cast<float>(seen - zero) / 32.0F;
    }
    return values;
}

// Evenly from -1 to 1; -1 if there is but one.
std::vector<float> positions(int count) {
    std::vector<float> found(static_cast<std::size_t>(count), -1.0F);
    const double step = 2.0 / (count - 1);
    for (int i = 1; i < count; ++i)
        found[static_cast<std::size_t>(i)] =
            i == count - 1 ? 1.0F : static_cast<float>(i * step - 1.0);
    return found;
}

void check(const BlockMaps& blocks, const std::vector<int>& turned) {
    if (std::min({blocks.images, blocks.channels, blocks.rows, blocks.cols}) < 1)
        throw std::invalid_argument("block_vectors: maps is empty");
    const auto signed_channel = [&](int channel) {
        return channel >= blocks.first_signed && channel < blocks.channels;
    };
    if (blocks.first_signed < 0 || !std::all_of(turned.begin(), turned.end(), signed_channel))
        throw std::invalid_argument("block_vectors: turned must name signed channels");
}

}  // namespace

void block_vectors(const BlockMaps& blocks, bool mirrored, const std::vector<int>& turned,
                   float* out) {
    check(blocks, turned);
    const std::ptrdiff_t cols = blocks.cols, next = blocks.channels + 2;
    const Values amounts = values_about(0, false), motions = values_about(128, false);
    const Values turned_motions = values_about(128, true);
    std::vector<const float*> values(static_cast<std::size_t>(blocks.channels), amounts.data());
    for (int c = std::min(blocks.first_signed, blocks.channels); c < blocks.channels; ++c)
        values[static_cast<std::size_t>(c)] = motions.data();
    if (mirrored)
        for (const int c : turned) values[static_cast<std::size_t>(c)] = turned_motions.data();
    const std::vector<float> rows_at = positions(blocks.rows), cols_at = positions(blocks.cols);
    const std::ptrdiff_t plane = cols * blocks.rows;
    const std::ptrdiff_t step = mirrored ? -next : next;
    for (int image = 0; image < blocks.images; ++image)
        for (int y = 0; y < blocks.rows; ++y, out += cols * next) {
            const std::uint8_t* from = blocks.maps + image * plane * blocks.channels + y * cols;
            for (int c = 0; c < blocks.channels; ++c, from += plane) {
                const float* of = values[static_cast<std::size_t>(c)];
                float* to = out + c + (mirrored ? (cols - 1) * next : 0);
                for (int x = 0; x < blocks.cols; ++x, to += step) *to = of[from[x]];
            }
            float* to = out + blocks.channels;
            for (int x = 0; x < blocks.cols; ++x, to += next) {
                to[0] = rows_at[static_cast<std::size_t>(y)];
                to[1] = cols_at[static_cast<std::size_t>(x)];
            }
        }
}

}  // namespace pyanalyzer
