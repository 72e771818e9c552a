#include "pyanalyzer/crops.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
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
    std::array<std::uint64_t, kCropPx> sums{};
    std::array<std::uint32_t, kCropPx> row_sums{};
    int last_source = -1, target = 0;
    const auto flush = [&] {
        for (int i = 0; i < kCropPx; ++i) {
            auto& sum = sums[static_cast<std::size_t>(i)];
            out[target * kCropPx + i] = static_cast<std::uint8_t>((sum + area / 2) / area);
            sum = 0;
        }
    };
    for (const Share& vertical : axis) {
        if (vertical.source != last_source) {
            last_source = vertical.source;
            row_sums.fill(0);
            const std::uint8_t* row = picture.row(y + vertical.source) + x;
            for (const Share& horizontal : axis)
                row_sums[static_cast<std::size_t>(horizontal.target)] +=
                    horizontal.weight * row[horizontal.source];
        }
        if (vertical.target != target) {
            flush();
            target = vertical.target;
        }
        for (std::size_t i = 0; i < kCropPx; ++i)
            sums[i] += static_cast<std::uint64_t>(vertical.weight) * row_sums[i];
    }
    flush();
}

}  // namespace pyanalyzer
