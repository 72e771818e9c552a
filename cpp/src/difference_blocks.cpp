// Scalar kernels of `difference`: the definition of the block sums and of the search.
#include <cstdlib>

#include "difference_kernels.hpp"
#include "pyanalyzer/image.hpp"

namespace pyanalyzer::scalar {

void block_row(const BlockRow& row, int begin, int end) {
    for (int block = begin; block < end; ++block) {
        int sum = 0, texture = 0, difference = 0, residual = 0, signed_sum = 0;
        for (int j = 0; j < kBlockPx; ++j) {
            const std::uint8_t* current = row.current + row.current_stride * j;
            const std::uint8_t* below = current + row.current_stride;
            const std::uint8_t* previous = row.previous + row.previous_stride * j;
            const std::uint8_t* warped = row.warped + row.warped_stride * j;
            const bool has_below = j + 1 < kBlockPx || row.has_next;
            for (int x = block * kBlockPx; x < (block + 1) * kBlockPx; ++x) {
                sum += current[x];
                difference += std::abs(current[x] - previous[x]);
                residual += std::abs(current[x] - warped[x]);
                signed_sum += current[x] - warped[x];
                if (x + 1 < row.width) texture += std::abs(current[x + 1] - current[x]);
                if (has_below) texture += std::abs(below[x] - current[x]);
            }
        }
        row.mean[block] = static_cast<std::uint8_t>((sum + 32) >> 6);
        row.texture[block] = static_cast<std::uint16_t>(texture);  // at most 2*64*255
        row.difference[block] = static_cast<std::uint16_t>(difference);
        row.residual[block] = static_cast<std::uint16_t>(residual);
        row.signed_sum[block] = static_cast<std::int16_t>(signed_sum);
    }
}

namespace {

template <int kSide>
std::uint32_t sad(const SearchWindow& window, std::ptrdiff_t shift) {
    int sum = 0;
    for (int j = 0; j < kSide; ++j) {
        const std::uint8_t* current = window.current + window.current_stride * j;
        const std::uint8_t* reference = window.reference + window.reference_stride * j + shift;
        for (int i = 0; i < kSide; ++i) sum += std::abs(current[i] - reference[i]);
    }
    return static_cast<std::uint32_t>(sum);
}

template <int kSide, int kReach>
void search(const SearchWindow& window, std::uint32_t* out) {
    for (int dy = -kReach; dy <= kReach; ++dy)
        for (int dx = -kReach; dx <= kReach; ++dx)
            *out++ = sad<kSide>(window, -(window.reference_stride * dy + dx));
}

}  // namespace

void search_16(const SearchWindow& window, std::uint32_t* out) { search<16, 3>(window, out); }
void search_8(const SearchWindow& window, std::uint32_t* out) { search<8, 7>(window, out); }
std::uint32_t sad_16(const SearchWindow& window) { return sad<16>(window, 0); }
std::uint32_t sad_8(const SearchWindow& window) { return sad<8>(window, 0); }

}  // namespace pyanalyzer::scalar
