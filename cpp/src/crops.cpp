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

// All weights of an output pixel's rows add up to the square's side: so far sums fit 16 bits, which
// are added twice as many at a time.
constexpr int kNarrowSidePx = 65535 / 255;

template <class Sum>
void add_row(const std::uint8_t* row, unsigned weight, std::vector<Sum>& columns) {
    Sum* sums = columns.data();
    const auto factor = static_cast<Sum>(weight);
    for (std::size_t i = 0, count = columns.size(); i < count; ++i)
        sums[i] = static_cast<Sum>(sums[i] + static_cast<Sum>(factor * row[i]));
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

namespace {

// Sum: an integer that 255 times the square's side fits into; Total: 255 times its area.
template <class Sum, class Total>
void resample(LumaView picture, const Square& square, std::uint8_t* out) {
    const auto [x, y, side] = square;
    const std::vector<Share> axis = shares(side);
    const std::uint64_t area = static_cast<std::uint64_t>(side) * static_cast<std::uint64_t>(side);
    // Down the columns first, which neighbours do alike; sums of whole numbers know no order.
    std::vector<Sum> columns(static_cast<std::size_t>(side));
    std::vector<Total> before(columns.size() + 1);  // sum of all columns before each
    const auto across = [&](int target) {
        for (std::size_t i = 0; i < columns.size(); ++i) before[i + 1] = before[i] + columns[i];
        // An output pixel is what has been passed at its end, but not yet at its beginning.
        Total passed = 0;
        for (int i = 0; i < kCropPx; ++i) {
            const int end = (i + 1) * side;
            const auto column = static_cast<std::size_t>(end / kCropPx);
            const auto rest = static_cast<Total>(end % kCropPx);
            const Total at_end = before[column] * kCropPx + (rest ? columns[column] * rest : 0);
            out[target * kCropPx + i] = quotient(at_end - passed, area);
            passed = at_end;
        }
        std::fill(columns.begin(), columns.end(), Sum{0});
    };
    int target = 0;
    for (const Share& share : axis) {
        if (share.target != target) across(std::exchange(target, share.target));
        add_row(picture.row(y + share.source) + x, share.weight, columns);
    }
    across(target);
}

}  // namespace

void resample_square(LumaView picture, const Square& square, std::uint8_t* out) {
    const auto [x, y, side] = square;
    if (side < 1 || x < 0 || y < 0 || x > picture.width - side || y > picture.height - side)
        throw std::invalid_argument("the crop must lie in the picture");
    if (side <= kNarrowSidePx)
        resample<std::uint16_t, std::uint32_t>(picture, square, out);
    else
        resample<std::uint32_t, std::uint64_t>(picture, square, out);
}

}  // namespace pyanalyzer
