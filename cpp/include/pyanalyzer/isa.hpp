// Which instruction set the kernels use. Every kernel has a scalar definition; where there is a
// twin for AVX2, or one for AVX-512 as well, it gives the same bits. The choice is made at the
// call, never inside a loop over pixels.
#pragma once

#include <string_view>
#include <vector>

namespace pyanalyzer {

// Each can run what those before it can: a kernel takes the best twin that it has, so they are
// compared with >=, never with ==.
enum class Isa { scalar, avx2, avx512 };

// Whether twins that need AVX-512's BW and VBMI (Ice Lake, Zen 4 and later) can run where avx512 is
// asked for; those of AVX2 do where they cannot.
bool has_vbmi();

// What this machine and this build can run, the best last. Never empty.
const std::vector<Isa>& supported_isas();

// The best of them, or the one that the environment variable PYANALYZER_ISA names.
// Throws std::invalid_argument if that name is unknown or cannot run here.
Isa default_isa();

// "scalar", "avx2" or "avx512" to Isa. Throws std::invalid_argument, naming what can run here.
Isa isa_from_name(std::string_view name);

std::string_view isa_name(Isa isa);

}  // namespace pyanalyzer
