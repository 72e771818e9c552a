// Views on pictures that somebody else owns: pointer, size, and row stride in bytes. A crop needs
// no copy. Rows lie `stride` bytes apart (it may be negative); pixels within a row are contiguous.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyanalyzer {

struct LumaView {
    const std::uint8_t* data;
    std::ptrdiff_t stride;
    int width;
    int height;

    const std::uint8_t* row(int y) const { return data + stride * y; }
};

struct MutableLumaView {
    std::uint8_t* data;
    std::ptrdiff_t stride;
    int width;
    int height;

    std::uint8_t* row(int y) const { return data + stride * y; }
    operator LumaView() const { return {data, stride, width, height}; }
};

// Side of the blocks that evidence is measured on, in working px. Eight, because one SAD
// instruction sums exactly eight bytes, and a block is then about the size of the smallest sprites.
inline constexpr int kBlockPx = 8;

}  // namespace pyanalyzer
