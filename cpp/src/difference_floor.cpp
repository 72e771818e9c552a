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
constexpr int kQuietCap = 480;     // per block: what flickers for long must not become invisible
constexpr int kStep = 4;           // 1/16, and 1/64 of the level: 100 is learnt in 40 frames
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

}  // namespace

void noise_floor(const Grid& grid, bool aligned, const std::vector<std::uint8_t>& measured,
                 const std::int32_t* quiet_q4, const EvidenceArrays& out) {
    const FrameNoise noise = aligned ? frame_noise(grid, measured, out) : FrameNoise{};
    for (int block = 0; block < grid.count(); ++block) {
        out.noise_floor[block] = 0;
        if (!measured[static_cast<std::size_t>(block)]) continue;
        const int frame = aligned ? noise.of(out.texture[block]) : 0;
        const int floor = kBase + std::max(frame, (quiet_q4[block] + 8) >> 4);
        out.noise_floor[block] = static_cast<std::uint16_t>(floor);
    }
}

void learn_quiet(const Grid& grid, const std::vector<std::uint8_t>& measured,
                 const EvidenceArrays& out, std::int32_t* quiet_q4) {
    for (int block = 0; block < grid.count(); ++block) {
        if (!measured[static_cast<std::size_t>(block)]) continue;
        std::int32_t& quiet = quiet_q4[block];
        const std::int32_t left = std::min<std::int32_t>(out.match[block], kQuietCap) * 16;
        const std::int32_t step = kStep + (quiet >> 6);
        quiet = left > quiet ? std::min(quiet + 3 * step, left) : std::max(quiet - step, left);
    }
}

}  // namespace pyanalyzer::steps
