// The noise floor of `difference`: how large a residual is no evidence. docs/evidence.md.
#include <algorithm>
#include <array>

#include "difference_steps.hpp"

namespace pyanalyzer::steps {

namespace {

constexpr int kBase = 32;         // per block: half a grey level per pixel, rounding of any codec
constexpr int kTextureBias = 64;  // one grey level per pixel: keeps the ratio finite on flat blocks
constexpr int kTextured = 256;    // blocks from here on tell the frame's noise per texture
constexpr int kFewBlocks = 16;    // fewer textured blocks than this tell nothing
constexpr int kRatioCap = 16;     // in 1/64: a motion of 1 px leaves a ratio of about 32

// The frame's residual per texture in 1/64: the median over the textured blocks, capped.
int frame_ratio(const Grid& grid, const std::vector<std::uint8_t>& measured,
                const EvidenceArrays& out) {
    std::array<int, kRatioCap + 1> histogram{};
    int count = 0;
    for (int block = 0; block < grid.count(); ++block) {
        if (!measured[static_cast<std::size_t>(block)] || out.texture[block] < kTextured) continue;
        const int ratio = out.residual[block] * 64 / (out.texture[block] + kTextureBias);
        ++histogram[static_cast<std::size_t>(std::min(ratio, kRatioCap))];
        ++count;
    }
    if (count < kFewBlocks) return 0;
    int ratio = 0;
    for (int below = histogram[0]; 2 * below < count;
         below += histogram[static_cast<std::size_t>(ratio)])
        ++ratio;
    return ratio;
}

// One step of the running quantile: up by one step, down by two, so that it settles where the
// residual is above it two times in three; steps grow with the level.
std::int32_t quiet_step(std::int32_t quiet_q4, std::int32_t residual_q4) {
    const std::int32_t step = 1 + (quiet_q4 >> 6);
    if (residual_q4 > quiet_q4) return std::min(quiet_q4 + step, residual_q4);
    return std::max(quiet_q4 - 2 * step, residual_q4);
}

}  // namespace

void noise_floor(const Grid& grid, bool aligned, const std::vector<std::uint8_t>& measured,
                 const std::int32_t* quiet_q4, const EvidenceArrays& out,
                 std::int32_t* next_quiet_q4) {
    const int ratio = aligned ? frame_ratio(grid, measured, out) : 0;
    for (int block = 0; block < grid.count(); ++block) {
        next_quiet_q4[block] = quiet_q4[block];
        out.noise_floor[block] = 0;
        if (!measured[static_cast<std::size_t>(block)]) continue;
        const int frame = ratio * (out.texture[block] + kTextureBias) / 64;
        const int floor = kBase + std::max(frame, (quiet_q4[block] + 8) >> 4);
        out.noise_floor[block] = static_cast<std::uint16_t>(floor);
        if (aligned) next_quiet_q4[block] = quiet_step(quiet_q4[block], out.residual[block] * 16);
    }
}

}  // namespace pyanalyzer::steps
