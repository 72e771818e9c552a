// Box downscaling by a whole factor.
#pragma once

#include "pyanalyzer/image.hpp"
#include "pyanalyzer/isa.hpp"

namespace pyanalyzer {

// out[y][x] = (sum of the factor x factor source pixels + factor*factor/2) / (factor*factor),
// integer division. out is (source.height / factor) x (source.width / factor); pixels left over at
// the right and the bottom are not looked at. factor 1..16 (the sum stays below 2^16). Throws
// std::invalid_argument on another factor or on sizes that do not fit.
void downscale(LumaView source, int factor, MutableLumaView out, int threads, Isa isa);

// The same of what expand_limited_range makes of the source, which is nowhere stored whole.
void downscale_limited_range(LumaView source, int factor, MutableLumaView out, int threads,
                             Isa isa);

}  // namespace pyanalyzer
