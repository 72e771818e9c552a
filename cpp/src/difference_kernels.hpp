// Kernels of `difference`, per instruction set. Included by files compiled for AVX2: plain types
// only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyanalyzer {

// Eight rows of the three pictures, and where the sums of their blocks go.
struct BlockRow {
    const std::uint8_t* current;
    const std::uint8_t* previous;
    const std::uint8_t* warped;
    std::ptrdiff_t current_stride;
    std::ptrdiff_t previous_stride;
    std::ptrdiff_t warped_stride;
    int width;      // of the picture, px
    bool has_next;  // whether there is a row of pixels below these eight
    std::uint8_t* mean;
    std::uint16_t* texture;
    std::uint16_t* difference;
    std::uint16_t* residual;
    std::int16_t* signed_sum;
};

// One picture pair to search in: `reference` points at the window's place for no displacement, and
// can be read as far as the search goes in every direction, and kSearchSlack px farther to the
// right.
struct SearchWindow {
    const std::uint8_t* current;
    const std::uint8_t* reference;
    std::ptrdiff_t current_stride;
    std::ptrdiff_t reference_stride;
};

inline constexpr int kSearchSlack = 2;

// Displacements of the fine and of the coarse search, up to 3 and up to 7 on either axis.
inline constexpr int kFineCount = 7 * 7;
inline constexpr int kCoarseCount = 15 * 15;

}  // namespace pyanalyzer

// block_row: sums of the blocks [begin, end).
// search_16 (fine, side 7), search_8 (coarse, side 15): sad[i] = SAD of the 16x16 (8x8) window with
// the reference displaced by d = (i % side - side / 2, i / side - side / 2): current(x, y) against
// reference(x - dx, y - dy).
// sad_16, sad_8: one SAD, nothing displaced.
namespace pyanalyzer::scalar {
void block_row(const BlockRow& row, int begin, int end);
void search_16(const SearchWindow& window, std::uint32_t* sad);
void search_8(const SearchWindow& window, std::uint32_t* sad);
std::uint32_t sad_16(const SearchWindow& window);
std::uint32_t sad_8(const SearchWindow& window);
}  // namespace pyanalyzer::scalar
namespace pyanalyzer::avx2 {
void block_row(const BlockRow& row, int begin, int end);
void search_16(const SearchWindow& window, std::uint32_t* sad);
void search_8(const SearchWindow& window, std::uint32_t* sad);
std::uint32_t sad_16(const SearchWindow& window);
std::uint32_t sad_8(const SearchWindow& window);
}  // namespace pyanalyzer::avx2
