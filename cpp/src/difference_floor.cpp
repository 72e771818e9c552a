// The noise floor of `difference`: how large a residual is no evidence. docs/evidence.md.
#include <algorithm>
#include <array>

#include "difference_steps.hpp"

namespace pyanalyzer::steps {

namespace {

constexpr int kBase = 32;         // per block: half a grey level per pixel, rounding of any codec
constexpr int kTextureBias = 64;  // one grey level per pixel: keeps the ratio finite on flat blocks
constexpr int kTextured = 256;    // blocks from here on tell the frame's noise per texture
constexpr int kFewBlocks = 16;    // fewer blocks than this tell nothing of the frame
constexpr int kQuartileCap = 320;  // per block: five grey levels per pixel, noise of sigma 4
constexpr int kRatioCap = 16;      // in 1/64: a motion of 1 px leaves a ratio of about 32

// Counts in bins 0..kMost; larger values go to the last one.
template <int kMost>
class Histogram {
  public:
    void add(int value) {
        ++bins_[static_cast<std::size_t>(std::min(value, kMost))];
        ++count_;
    }
    int count() const { return count_; }
    // The smallest value that at least count * share / 4 values do not exceed.
    int quartile(int share) const {
        int value = 0;
        for (int below = bins_[0]; 4 * below < share * count_;
             below += bins_[static_cast<std::size_t>(value)])
            ++value;
        return value;
    }

  private:
    std::array<int, kMost + 1> bins_{};
    int count_ = 0;
};

// What noise explains in this frame alone: the lower quartile over all blocks, and per texture (in
// 1/64) the median over the textured ones. A new intra picture or a noisy sensor raises them.
struct FrameNoise {
    int quartile = 0;
    int ratio = 0;

    int of(int texture) const { return std::max(quartile, ratio * (texture + kTextureBias) / 64); }
};

FrameNoise frame_noise(const Grid& grid, const std::vector<std::uint8_t>& measured,
                       const EvidenceArrays& out) {
    Histogram<kQuartileCap> residuals;
    Histogram<kRatioCap> ratios;
    for (int block = 0; block < grid.count(); ++block) {
        if (!measured[static_cast<std::size_t>(block)]) continue;
        residuals.add(out.residual[block]);
        if (out.texture[block] >= kTextured)
            ratios.add(out.residual[block] * 64 / (out.texture[block] + kTextureBias));
    }
    return {residuals.count() < kFewBlocks ? 0 : residuals.quartile(1),
            ratios.count() < kFewBlocks ? 0 : ratios.quartile(2)};
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
    const FrameNoise noise = aligned ? frame_noise(grid, measured, out) : FrameNoise{};
    for (int block = 0; block < grid.count(); ++block) {
        next_quiet_q4[block] = quiet_q4[block];
        out.noise_floor[block] = 0;
        if (!measured[static_cast<std::size_t>(block)]) continue;
        const int frame = aligned ? noise.of(out.texture[block]) : 0;
        const int floor = kBase + std::max(frame, (quiet_q4[block] + 8) >> 4);
        out.noise_floor[block] = static_cast<std::uint16_t>(floor);
        if (aligned) next_quiet_q4[block] = quiet_step(quiet_q4[block], out.residual[block] * 16);
    }
}

}  // namespace pyanalyzer::steps
