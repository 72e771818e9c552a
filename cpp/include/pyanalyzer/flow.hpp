// How the picture moves at every block, view and own motion together: inverse search (Baker &
// Matthews, IJCV 2004; Kroeger et al., ECCV 2016) from coarse to fine. Integers only.
// docs/evidence.md gives the reasons for the constants; pyanalyzer/reference/flow.py is the
// definition in NumPy.
#pragma once

#include <cstdint>

#include "pyanalyzer/image.hpp"
#include "pyanalyzer/isa.hpp"

namespace pyanalyzer {

// Both pictures have the same size, at least kMinPicturePx on a side; the grid is height/8 x
// width/8. `flow_q8` (rows*cols*2, x then y): displacement of the content from the previous to the
// current picture, in 1/256 px, within +-127 px. `match` (rows*cols): the sum over 64 px of the
// halved picture of the squared difference, brightness aside, along the vector before smoothing,
// saturated. `valid`: one byte per block, 0 where nothing is to be looked at, or null; the flow
// there is zero. Throws std::invalid_argument.
void flow(LumaView previous, LumaView current, const std::uint8_t* valid, std::int16_t* flow_q8,
          std::uint16_t* match, int threads, Isa isa);

}  // namespace pyanalyzer
