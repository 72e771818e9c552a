// Limited-range luma (16..235) to full range (0..255).
#pragma once

#include "pyanalyzer/image.hpp"
#include "pyanalyzer/isa.hpp"

namespace pyanalyzer {

// out = round(255 * (v - 16) / 219), clipped to 0..255: ITU-R BT.601-7 table 3, BT.709-6 table 3.3.
// No value lies halfway between two. Throws std::invalid_argument on sizes that differ.
void expand_limited_range(LumaView source, MutableLumaView out, Isa isa);

}  // namespace pyanalyzer
