// Block motion of `difference`: a fine search between the current picture and the previous one
// brought onto it, a coarse one where that does not explain the block, then 1/16 px.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include "difference_kernels.hpp"
#include "difference_steps.hpp"
#include "pyanalyzer/downscale.hpp"
#include "pyanalyzer/threads.hpp"

namespace pyanalyzer::steps {

namespace {

constexpr int kPenaltyPerPx = 8;     // of |dx| + |dy|, in SAD of the window: 1/32 level per pixel
constexpr int kMarginFloors = 3;     // noise floors by which a motion must beat standing still
constexpr int kWindowTexture = 512;  // below this a window looks the same wherever it came from
constexpr int kWindowFloors = 4;     // noise floors in a window: it is four blocks large

struct Kernels {
    void (*search_16)(const SearchWindow&, std::uint32_t*) = scalar::search_16;
    void (*search_8)(const SearchWindow&, std::uint32_t*) = scalar::search_8;
    std::uint32_t (*sad_16)(const SearchWindow&) = scalar::sad_16;
    std::uint32_t (*sad_8)(const SearchWindow&) = scalar::sad_8;
};

Kernels kernels_for(Isa isa) {
    Kernels kernels;
#ifdef PYANALYZER_HAVE_AVX2
    if (isa >= Isa::avx2) kernels = {avx2::search_16, avx2::search_8, avx2::sad_16, avx2::sad_8};
#else
    (void)isa;
#endif
    return kernels;
}

struct Displacement {
    int dx = 0;
    int dy = 0;
};

std::uint32_t penalty(Displacement d, int per_px) {
    return static_cast<std::uint32_t>(per_px * (std::abs(d.dx) + std::abs(d.dy)));
}

// A SAD plus a small price for the way.
struct Candidate {
    std::uint32_t cost;
    Displacement d;

    // Smaller is better: cost, then the shorter displacement, then the upper, then the left one.
    std::uint64_t rank() const {
        const auto length = static_cast<std::uint64_t>(d.dx * d.dx + d.dy * d.dy);
        return (static_cast<std::uint64_t>(cost) << 32) | (length << 16) |
               static_cast<std::uint64_t>((d.dy + 64) << 8 | (d.dx + 64));
    }
};

// The best of all displacements up to kReach on either axis. The same order as Candidate::rank, but
// in 32 bits, so that the minimum over the displacements is quickly found.
template <int kReach, int kPerPx>
class BestOf {
  public:
    static constexpr int kSide = 2 * kReach + 1, kCount = kSide * kSide;

    BestOf() {
        for (int i = 0; i < kCount; ++i) by_rank_[index(i)] = at(i);
        std::sort(by_rank_.begin(), by_rank_.end(), [](Displacement a, Displacement b) {
            return Candidate{0, a}.rank() < Candidate{0, b}.rank();
        });
        for (int rank = 0; rank < kCount; ++rank) {
            const Displacement d = by_rank_[index(rank)];
            const int i = (d.dy + kReach) * kSide + d.dx + kReach;
            addend_[index(i)] = static_cast<std::int32_t>(penalty(d, kPerPx) << 8) + rank;
        }
    }

    Candidate operator()(const std::array<std::uint32_t, kCount>& sads) const {
        std::int32_t best = std::numeric_limits<std::int32_t>::max();
        for (std::size_t i = 0; i < kCount; ++i)
            best = std::min(best, (static_cast<std::int32_t>(sads[i]) << 8) + addend_[i]);
        return {static_cast<std::uint32_t>(best >> 8), by_rank_[index(best & 255)]};
    }

  private:
    static_assert(kCount <= 256);
    static std::size_t index(int i) { return static_cast<std::size_t>(i); }
    static Displacement at(int i) { return {i % kSide - kReach, i / kSide - kReach}; }

    std::array<Displacement, kCount> by_rank_;
    std::array<std::int32_t, kCount> addend_;
};

const BestOf<kFineSearchPx, kPenaltyPerPx>& best_fine() {
    static const BestOf<kFineSearchPx, kPenaltyPerPx> best;
    return best;
}

// A pixel of the halved window stands for four: a quarter of the penalty, for two pixels.
const BestOf<kCoarseSearchPx, kPenaltyPerPx / 2>& best_coarse() {
    static const BestOf<kCoarseSearchPx, kPenaltyPerPx / 2> best;
    return best;
}

SearchWindow window_at(LumaView current, LumaView reference, int x, int y) {
    return {current.row(y) + x, reference.row(y) + x, current.stride, reference.stride};
}

SearchWindow displaced(SearchWindow window, Displacement d) {
    window.reference -= window.reference_stride * d.dy + d.dx;
    return window;
}

// Where between the whole pixels the costs at -1, 0, +1 put the minimum, in 1/16 px, within half a
// pixel. A SAD falls and rises in straight lines, so lines of equal slope are fitted (Shimizu &
// Okutomi, ICCV 2001), not a parabola. The offset is at most what the cost left at 0 allows: where
// that is zero the match is exact, however uneven its neighbours are. An offset that saves no more
// than `worthwhile` is taken for noise.
int offset_q4(std::uint32_t before, std::uint32_t here, std::uint32_t after,
              std::uint32_t worthwhile) {
    const std::uint32_t higher = std::max(before, after), lower = std::min(before, after);
    if (higher <= here) return 0;
    const std::uint32_t slope = higher - here;
    const std::uint32_t rise = std::min(8 * (higher - lower), 16 * here);
    if (rise <= 16 * worthwhile) return 0;
    const auto offset = static_cast<int>(std::min((2 * rise + slope) / (2 * slope), 8U));
    return before > after ? offset : -offset;
}

class Search {
  public:
    Search(LumaView current, LumaView warped, const Kernels& kernels)
        : current_(current), warped_(warped), kernels_(kernels) {}

    // Where the window around the block lies: centred, but inside the picture.
    Displacement origin(int bx, int by) const {
        const int inset = (kWindowPx - kBlockPx) / 2;
        return {std::clamp(bx * kBlockPx - inset, 0, current_.width - kWindowPx),
                std::clamp(by * kBlockPx - inset, 0, current_.height - kWindowPx)};
    }

    // Sum of |gradient| of the current picture over the window. At the far border it looks back.
    std::uint32_t texture(Displacement at) const {
        const int step_x = at.dx + kWindowPx < current_.width ? 1 : -1;
        const int step_y = at.dy + kWindowPx < current_.height ? 1 : -1;
        const SearchWindow here = window_at(current_, current_, at.dx, at.dy);
        return kernels_.sad_16(displaced(here, {-step_x, 0})) +
               kernels_.sad_16(displaced(here, {0, -step_y}));
    }

    std::uint32_t sad(Displacement at, Displacement d) const {
        return kernels_.sad_16(displaced(window_at(current_, warped_, at.dx, at.dy), d));
    }

    // Fine search. Returns whether the window stays unexplained.
    bool fine(Displacement at, int floor, Displacement* chosen) const {
        std::array<std::uint32_t, kFineCount> sads;
        kernels_.search_16(window_at(current_, warped_, at.dx, at.dy), sads.data());
        const Candidate best = best_fine()(sads);
        if (beats(best.cost, sads[kFineCount / 2], floor)) *chosen = best.d;
        return best.cost - penalty(best.d, kPenaltyPerPx) >
               static_cast<std::uint32_t>(kWindowFloors * floor);
    }

    // Coarse search in the halved pictures, then the nine displacements around its best.
    void coarse(LumaView half_current, LumaView half_warped, Displacement at, int floor,
                Displacement* chosen) const {
        std::array<std::uint32_t, kCoarseCount> sads;
        kernels_.search_8(window_at(half_current, half_warped, at.dx / 2, at.dy / 2), sads.data());
        const Displacement far = best_coarse()(sads).d;
        Candidate best = candidate(at, *chosen);
        for (int j = -1; j <= 1; ++j) {
            for (int i = -1; i <= 1; ++i) {
                const Candidate near = candidate(at, {2 * far.dx + i, 2 * far.dy + j});
                if (near.rank() < best.rank()) best = near;
            }
        }
        if (beats(best.cost, sad(at, {0, 0}), floor)) *chosen = best.d;
    }

    void sub_pixel(Displacement at, Displacement d, int floor, std::int16_t* motion_q4) const {
        const std::uint32_t here = sad(at, d);
        // What moves by whole pixels may move by parts of one, too; what stands must show it.
        const bool still = d.dx == 0 && d.dy == 0;
        const auto least = static_cast<std::uint32_t>(still ? kMarginFloors * floor : 0);
        motion_q4[0] =
            static_cast<std::int16_t>(16 * d.dx + offset_q4(sad(at, {d.dx - 1, d.dy}), here,
                                                            sad(at, {d.dx + 1, d.dy}), least));
        motion_q4[1] =
            static_cast<std::int16_t>(16 * d.dy + offset_q4(sad(at, {d.dx, d.dy - 1}), here,
                                                            sad(at, {d.dx, d.dy + 1}), least));
    }

    std::uint16_t match(int bx, int by, Displacement d) const {
        return static_cast<std::uint16_t>(kernels_.sad_8(
            displaced(window_at(current_, warped_, bx * kBlockPx, by * kBlockPx), d)));
    }

  private:
    Candidate candidate(Displacement at, Displacement d) const {
        return {sad(at, d) + penalty(d, kPenaltyPerPx), d};
    }

    // Whether a motion is worth believing: better than standing still by a quarter and by noise.
    static bool beats(std::uint32_t cost, std::uint32_t still, int floor) {
        return cost + static_cast<std::uint32_t>(kMarginFloors * floor) < still &&
               4 * cost < 3 * still;
    }

    LumaView current_, warped_;
    Kernels kernels_;
};

// Blocks whose residual is above the floor, and their eight neighbours.
std::vector<int> active_blocks(const Grid& grid, const std::vector<std::uint8_t>& measured,
                               const EvidenceArrays& out) {
    std::vector<std::uint8_t> active(static_cast<std::size_t>(grid.count()));
    for (int by = 0; by < grid.rows; ++by) {
        for (int bx = 0; bx < grid.cols; ++bx) {
            const int block = by * grid.cols + bx;
            if (out.residual[block] <= out.noise_floor[block]) continue;
            for (int y = std::max(by - 1, 0); y <= std::min(by + 1, grid.rows - 1); ++y)
                for (int x = std::max(bx - 1, 0); x <= std::min(bx + 1, grid.cols - 1); ++x)
                    active[static_cast<std::size_t>(y * grid.cols + x)] = 1;
        }
    }
    std::vector<int> blocks;
    for (int block = 0; block < grid.count(); ++block)
        if (active[static_cast<std::size_t>(block)] && measured[static_cast<std::size_t>(block)])
            blocks.push_back(block);
    return blocks;
}

}  // namespace

void block_motion(LumaView current, const PaddedPicture& warped, const Grid& grid,
                  const std::vector<std::uint8_t>& measured, const EvidenceArrays& out, int threads,
                  Isa isa) {
    std::copy_n(out.residual, grid.count(), out.match);
    std::fill_n(out.motion_q4, static_cast<std::size_t>(grid.count()) * 2, std::int16_t{0});
    const std::vector<int> blocks = active_blocks(grid, measured, out);
    if (blocks.empty()) return;
    const auto count = static_cast<int>(blocks.size());
    const Search search(current, warped.inner(), kernels_for(isa));
    std::vector<Displacement> motion(blocks.size());
    std::vector<std::uint8_t> textured(blocks.size()), unexplained(blocks.size());
    parallel_bands(threads, count, 8, [&](int begin, int end) {
        for (int k = begin; k < end; ++k) {
            const auto i = static_cast<std::size_t>(k);
            const int block = blocks[i];
            const Displacement at = search.origin(block % grid.cols, block / grid.cols);
            if (search.texture(at) < kWindowTexture) continue;
            textured[i] = 1;
            unexplained[i] = search.fine(at, out.noise_floor[block], &motion[i]);
        }
    });
    const bool any_unexplained =
        std::any_of(unexplained.begin(), unexplained.end(), [](std::uint8_t u) { return u != 0; });
    // Halved pictures of the whole padding reach as far as the coarse search does.
    PaddedPicture half_current(current.width / 2, current.height / 2, 0);
    PaddedPicture half_warped(current.width / 2, current.height / 2, kCoarseSearchPx);
    if (any_unexplained) {
        downscale(current, 2, half_current.inner(), threads, isa);
        downscale(warped.inner(), 2, half_warped.inner(), threads, isa);
        half_warped.repeat_border();
    }
    const LumaView half_current_view = half_current.inner();
    const LumaView half_warped_view = half_warped.inner();
    parallel_bands(threads, count, 8, [&](int begin, int end) {
        for (int k = begin; k < end; ++k) {
            const auto i = static_cast<std::size_t>(k);
            if (!textured[i]) continue;
            const int block = blocks[i];
            const int bx = block % grid.cols, by = block / grid.cols;
            const int floor = out.noise_floor[block];
            const Displacement at = search.origin(bx, by);
            if (unexplained[i])
                search.coarse(half_current_view, half_warped_view, at, floor, &motion[i]);
            const Displacement d = motion[i];
            search.sub_pixel(at, d, floor, out.motion_q4 + 2 * block);
            out.match[block] = search.match(bx, by, d);
        }
    });
}

void motion_change(const Grid& grid, const InverseQ16& inverse,
                   const std::vector<std::uint8_t>& measured, const std::int16_t* motion_before_q4,
                   const EvidenceArrays& out) {
    for (int by = 0; by < grid.rows; ++by) {
        for (int bx = 0; bx < grid.cols; ++bx) {
            const int block = by * grid.cols + bx;
            const std::int16_t* motion = out.motion_q4 + 2 * block;
            std::int16_t* change = out.motion_change_q4 + 2 * block;
            change[0] = change[1] = 0;
            if (!measured[static_cast<std::size_t>(block)]) continue;
            // The block's centre before it moved, in 1/16 px, then in the previous picture.
            const std::int64_t x_q4 = bx * 128 + 56 - motion[0];
            const std::int64_t y_q4 = by * 128 + 56 - motion[1];
            // In 1/2^20 px, plus half a pixel, over eight pixels per block.
            constexpr std::int64_t half = std::int64_t{1} << 19;
            const std::int64_t col =
                (inverse.a * x_q4 - inverse.b * y_q4 + 16 * inverse.tx + half) >> 23;
            const std::int64_t row =
                (inverse.b * x_q4 + inverse.a * y_q4 + 16 * inverse.ty + half) >> 23;
            if (col < 0 || col >= grid.cols || row < 0 || row >= grid.rows) continue;
            const std::int16_t* before = motion_before_q4 + 2 * (row * grid.cols + col);
            change[0] = static_cast<std::int16_t>(motion[0] - before[0]);
            change[1] = static_cast<std::int16_t>(motion[1] - before[1]);
        }
    }
}

}  // namespace pyanalyzer::steps
