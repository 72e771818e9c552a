// The steps that `difference` is made of, in their order.
#pragma once

#include <cstdint>
#include <vector>

#include "pyanalyzer/difference.hpp"

namespace pyanalyzer::steps {

struct Grid {
    int rows;
    int cols;
    int count() const { return rows * cols; }
};

// A picture with its border repeated on every side, so that a search may look over the edge.
class PaddedPicture {
  public:
    PaddedPicture(int width, int height, int padding);
    MutableLumaView inner();
    LumaView inner() const;
    void repeat_border();

  private:
    int width_, height_, padding_;
    std::ptrdiff_t stride_;
    std::vector<std::uint8_t> pixels_;
};

// 1 where a block is valid and its source lies in the previous picture, up to half a pixel.
std::vector<std::uint8_t> measured_blocks(const Grid& grid, int width, int height, bool aligned,
                                          const InverseQ16& inverse, const std::uint8_t* valid);

// Writes out.noise_floor: what the block's own past and this frame alone explain, the larger one.
void noise_floor(const Grid& grid, bool aligned, const std::vector<std::uint8_t>& measured,
                 const std::int32_t* quiet_q4, const EvidenceArrays& out);

// One step of each block's running upper quartile of what its own motion leaves over (out.match):
// up by three steps, down by one, so that it settles where one value in four is above it.
void learn_quiet(const Grid& grid, const std::vector<std::uint8_t>& measured,
                 const EvidenceArrays& out, std::int32_t* quiet_q4);

// Writes out.match and out.motion_q4 of every block.
void block_motion(LumaView current, const PaddedPicture& warped, const Grid& grid,
                  const std::vector<std::uint8_t>& measured, const EvidenceArrays& out, int threads,
                  Isa isa);

// Writes out.motion_change_q4 of every block.
void motion_change(const Grid& grid, const InverseQ16& inverse,
                   const std::vector<std::uint8_t>& measured, const std::int16_t* motion_before_q4,
                   const EvidenceArrays& out);

}  // namespace pyanalyzer::steps
