// Maps of the blocks of some pictures, one behind the other, as vectors: all numbers of a block
// side by side, which is how `convolve` reads them.
#pragma once

#include <cstdint>
#include <vector>

namespace pyanalyzer {

// Maps (images, channels, rows, cols). Of the channels from `first_signed` on 128 stands for zero.
struct BlockMaps {
    const std::uint8_t* maps;
    int images, channels, rows, cols;
    int first_signed;
};

// To (images, rows, cols, channels + 2): each map about its zero, in 1/32, then the block's row and
// its column from -1 to 1. With `mirrored` left and right are exchanged, and signed channels named
// in `turned` become 256 minus what they are, at most 255. Throws std::invalid_argument on sizes
// below one and on channels that there are not.
void block_vectors(const BlockMaps& blocks, bool mirrored, const std::vector<int>& turned,
                   float* out);

}  // namespace pyanalyzer
