#include "pyanalyzer/crops.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

namespace pyanalyzer {

namespace {

// Pixel `source` and output pixel `target` share `weight` 1/32 px along one axis. Output pixel j
// covers [j*side, (j+1)*side) on the scale where source pixel i covers [32*i, 32*(i+1)).
struct Share {
    int source;
    int target;
    unsigned weight;
};

std::vector<Share> shares(int side) {
    std::vector<Share> found;
    int source = 0, target = 0, position = 0;
    while (target < kCropPx) {
        const int end = std::min((source + 1) * kCropPx, (target + 1) * side);
        found.push_back({source, target, static_cast<unsigned>(end - position)});
        position = end;
        if (position == (source + 1) * kCropPx) ++source;
        if (position == (target + 1) * side) ++target;
    }
    return found;
}

void add_row(const std::uint8_t* row, unsigned weight, std::vector<std::uint32_t>& columns) {
    std::uint32_t* sums = columns.data();
    for (std::size_t i = 0, count = columns.size(); i < count; ++i) sums[i] += weight * row[i];
}

// sum / area to the nearest, halves up. Both fit 32 bits up to a side of 4096 px, and divide faster
// there.
std::uint8_t quotient(std::uint64_t sum, std::uint64_t area) {
    const std::uint64_t raised = sum + area / 2;
    if ((raised | area) >> 32) return static_cast<std::uint8_t>(raised / area);
    return static_cast<std::uint8_t>(static_cast<std::uint32_t>(raised) /
                                     static_cast<std::uint32_t>(area));
}

}  // namespace

Square crop_square(int x, int y, int w, int h, int picture_width, int picture_height) {
    const int side =
        std::min({std::max({w, h, kMinCropSidePx}) + kCropMarginPx, picture_width, picture_height});
    // Shifting right rounds down, also below zero.
    return {std::clamp((2 * x + w - side) >> 1, 0, picture_width - side),
            std::clamp((2 * y + h - side) >> 1, 0, picture_height - side), side};
}

void resample_square(LumaView picture, const Square& square, std::uint8_t* out) {
    const auto [x, y, side] = square;
    if (side < 1 || x < 0 || y < 0 || x > picture.width - side || y > picture.height - side)
        throw std::invalid_argument("the crop must lie in the picture");
    const std::vector<Share> axis = shares(side);
    const std::uint64_t area = static_cast<std::uint64_t>(side) * static_cast<std::uint64_t>(side);
    // Down the columns first, which neighbours do alike; sums of whole numbers know no order.
    std::vector<std::uint32_t> columns(static_cast<std::size_t>(side));
    const auto across = [&](int target) {
        std::array<std::uint64_t, kCropPx> sums{};
        for (const Share& share : axis)
            sums[static_cast<std::size_t>(share.target)] +=
                std::uint64_t{share.weight} * columns[static_cast<std::size_t>(share.source)];
        for (std::size_t i = 0; i < kCropPx; ++i)
            out[static_cast<std::size_t>(target) * kCropPx + i] = quotient(sums[i], area);
        std::fill(columns.begin(), columns.end(), 0u);
    };
    int target = 0;
    for (const Share& share : axis) {
        if (share.target != target) across(std::exchange(target, share.target));
        add_row(picture.row(y + share.source) + x, share.weight, columns);
    }
    across(target);
}

}  // namespace pyanalyzer
