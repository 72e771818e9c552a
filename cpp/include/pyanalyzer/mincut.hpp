// Exact labelling of a grid: minimum cut of a binary Markov random field with a Potts prior.
#pragma once

#include <cstdint>

namespace pyanalyzer {

// Largest magnitudes, so that no sum of five leaves 32 bits.
inline constexpr std::int32_t kMaxUnary = 1 << 28;

// The labels x in {0, 1} of a rows x cols grid that minimise
//     sum_i -unary[i] * x[i]  +  potts * #{4-neighbours i, j with x[i] != x[j]},
// and, of all minimisers, the one with the fewest ones (it is unique: minimisers are closed under
// intersection). Solved as a maximum flow by the algorithm of Boykov and Kolmogorov (2004); the
// answer does not depend on the algorithm. Where no unary is above zero all labels are zero.
// Throws std::invalid_argument if potts is not in 0..kMaxUnary or a unary exceeds kMaxUnary.
void label_grid(const std::int32_t* unary, int rows, int cols, std::int32_t potts,
                std::uint8_t* labels);

}  // namespace pyanalyzer
