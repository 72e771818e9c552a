// What align measures on 8 x 8 blocks of the current picture and the warped previous one.
#pragma once

#include <cstdint>
#include <vector>

#include "align_kernels.hpp"
#include "align_model.hpp"
#include "pyanalyzer/image.hpp"
#include "pyanalyzer/isa.hpp"

namespace pyanalyzer {

// Energies are 64-fold sums over 64 px, of gradients of both pictures together (4-fold).
// A texture that only just stands out of compression noise (a gradient of about 1.7 per px).
inline constexpr double kFlatTexture = 200000.0;
// Noise with a standard deviation of about 1.5 has this much texture; less carries no weight.
inline constexpr double kNoiseTexture = 100000.0;
// Sources closer than this to the border of the previous picture are not looked at.
inline constexpr double kMarginPx = 3.0;

struct AlignKernels {
    decltype(&scalar::block_row_sums) block_row_sums;
    decltype(&scalar::sad_row) sad_row;
    decltype(&scalar::cross_row) cross_row;
    decltype(&scalar::track_minimum) track_minimum;
};
AlignKernels align_kernels(Isa isa);

// A picture that owns its pixels, with room around them for kernels; the storage is used again.
class Plane {
  public:
    void resize(int width, int height);
    void copy(LumaView source);
    // Repeats the border one px outwards.
    void repeat_border();
    MutableLumaView view() { return {origin(), stride_, width_, height_}; }
    LumaView view() const { return {const_cast<Plane*>(this)->origin(), stride_, width_, height_}; }

  private:
    std::uint8_t* origin() { return storage_.data() + stride_ + kPlanePadding; }
    std::vector<std::uint8_t> storage_;
    std::ptrdiff_t stride_ = 0;
    int width_ = 0;
    int height_ = 0;
};

// Both pictures of one pyramid level; the border of current is repeated.
struct AlignLevel {
    Plane previous;
    Plane current;
    std::vector<std::uint8_t> valid;  // rows x cols
    int rows = 0;
    int cols = 0;
};

// Covariances within each block, 64-fold, and what follows from them; row after row.
struct Measured {
    struct Block {
        double xx, xy, yy, xe, ye, ee;
        double weight;  // 0..1, how much the texture stands out of noise; 0 where not valid
        double misfit;  // residual over texture: about (displacement in px)^2 / 32, plus noise
        bool usable;    // may be looked at, and so may its source
    };
    std::vector<Block> blocks;
    std::vector<BlockSums> sums;
    Plane warped;
};

// Warps the previous picture by the model and measures every block.
void measure(const AlignLevel& level, const Model& model, int threads, Isa isa, Measured& out);

}  // namespace pyanalyzer
