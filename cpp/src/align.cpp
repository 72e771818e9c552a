#include "pyanalyzer/align.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <vector>

#include "align_blocks.hpp"
#include "align_refine.hpp"
#include "align_search.hpp"
#include "pyanalyzer/downscale.hpp"

namespace pyanalyzer {

namespace {

// The coarsest level: halve while the long side exceeds 128 px (from level 2 on: 256 px), as long
// as the short one keeps 48 px, so that there are enough blocks.
constexpr int kCoarseLongPx = 128, kCoarserLongPx = 256, kCoarseShortPx = 48;
constexpr std::size_t kCandidates = 6;        // of the search, refined and compared
constexpr double kCandidateDistancePx = 3.0;  // that they lie apart before
constexpr double kSamePx = 0.5;               // and after
constexpr std::size_t kFinalists = 3;         // compared again at the next finer level
constexpr int kFinalIterations = 2;
constexpr int kCandidateIterations = 4;
constexpr double kCandidateStopPx = 0.1;
constexpr double kExplainedShare = 0.8;   // identity or hint explain the pair: no search
constexpr double kPreference = 1.02;      // in favour of the identity and the hint
constexpr int kIterations[] = {5, 5, 8};  // at levels 0, 1, and 2 and above
constexpr double kStopPx[] = {0.01, 0.02, 0.02};
constexpr double kCutShare = 0.5;
constexpr double kCutTextureShare = 0.05;  // a picture flatter than that cannot show a cut
// A motion below that at every corner is none: the unit of block motion.
constexpr double kStillPx = 1.0 / 16.0;

// Room for one alignment, kept per thread so that frame after frame allocates nothing.
struct Workspace {
    std::vector<AlignLevel> levels;
    std::size_t depth = 0;
    Measured measured;
    BlockSearch search;
};

bool identical(LumaView first, LumaView second) {
    for (int y = 0; y < first.height; ++y)
        if (std::memcmp(first.row(y), second.row(y), static_cast<std::size_t>(first.width)) != 0)
            return false;
    return true;
}

void set_level(AlignLevel& level, LumaView current) {
    level.rows = current.height / kBlockPx;
    level.cols = current.width / kBlockPx;
    level.valid.resize(static_cast<std::size_t>(level.rows) * static_cast<std::size_t>(level.cols));
}

void halve(const AlignLevel& fine, AlignLevel& coarse, int threads, Isa isa) {
    const LumaView picture = fine.current.view();
    for (auto [from, to] :
         {std::pair{&fine.previous, &coarse.previous}, std::pair{&fine.current, &coarse.current}}) {
        to->resize(picture.width / 2, picture.height / 2);
        downscale(from->view(), 2, to->view(), threads, isa);
    }
    coarse.current.repeat_border();
    set_level(coarse, static_cast<const AlignLevel&>(coarse).current.view());
    for (int row = 0; row < coarse.rows; ++row)
        for (int col = 0; col < coarse.cols; ++col) {
            const std::uint8_t* four =
                fine.valid.data() + static_cast<std::ptrdiff_t>(2 * row) * fine.cols + 2 * col;
            coarse.valid[static_cast<std::size_t>(row * coarse.cols + col)] =
                four[0] && four[1] && four[fine.cols] && four[fine.cols + 1];
        }
}

void build_pyramid(LumaView previous, LumaView current, const std::uint8_t* valid, int threads,
                   Isa isa, Workspace& work) {
    if (work.levels.empty()) work.levels.resize(1);
    AlignLevel& finest = work.levels[0];
    finest.previous.copy(previous);
    finest.current.copy(current);
    finest.current.repeat_border();
    set_level(finest, current);
    for (std::size_t i = 0; i < finest.valid.size(); ++i) finest.valid[i] = !valid || valid[i];
    work.depth = 1;
    int width = current.width, height = current.height;
    for (;;) {
        const int limit = work.depth <= 2 ? kCoarseLongPx : kCoarserLongPx;
        if (std::max(width, height) <= limit || std::min(width, height) / 2 < kCoarseShortPx)
            return;
        if (work.levels.size() == work.depth) work.levels.emplace_back();
        halve(work.levels[work.depth - 1], work.levels[work.depth], threads, isa);
        ++work.depth;
        width /= 2;
        height /= 2;
    }
}

// A refined model, what speaks for it, and how it is favoured over others.
struct Candidate {
    Model model;
    double score;
    double share;
    double preference;
};

class ModelFinder {
  public:
    ModelFinder(Workspace& work, int threads, Isa isa)
        : work_(work), threads_(threads), isa_(isa) {}

    // The best model at the coarsest level; none where the pictures are unrelated. `enough`: of the
    // texture explained, nothing but the starts is looked at.
    std::optional<Model> find(const std::vector<Model>& starts, double enough) {
        const AlignLevel& coarse = work_.levels[work_.depth - 1];
        for (const Model& start : starts)
            candidates_.push_back(consider(coarse, start, kPreference, kCandidateIterations));
        const Candidate& best = best_of(candidates_);
        if (best.share >= kExplainedShare) {
            explained_ = best.share;
            return best.model;
        }
        if (best.share >= enough) return best.model;
        measure(coarse, Model{}, threads_, isa_, work_.measured);
        double texture = 0.0;
        for (const Measured::Block& block : work_.measured.blocks) texture += block.weight;
        work_.search.run(coarse, threads_, isa_);
        search_candidates(coarse);
        std::stable_sort(candidates_.begin(), candidates_.end(),
                         [](const Candidate& i, const Candidate& j) { return i.score > j.score; });
        const double share = candidates_.front().share;
        explained_ = share;
        if (share < kCutShare &&
            texture >= kCutTextureShare * static_cast<double>(coarse.valid.size()) &&
            work_.search.looks_unrelated(share))
            return std::nullopt;
        if (work_.depth == 1) return candidates_.front().model;
        // The next level has four times the blocks: it tells the background from a large object.
        std::vector<Candidate> finals;
        for (std::size_t i = 0; i < std::min(kFinalists, candidates_.size()); ++i)
            finals.push_back(consider(work_.levels[work_.depth - 2], to_finer(candidates_[i].model),
                                      candidates_[i].preference, kFinalIterations));
        return to_coarser(best_of(finals).model);
    }

    // Of the texture, by what was found; none where that was enough.
    std::optional<double> explained() const { return explained_; }

  private:
    Candidate consider(const AlignLevel& level, const Model& start, double preference,
                       int iterations) {
        const Model model =
            refine(level, start, iterations, kCandidateStopPx, threads_, isa_, work_.measured);
        const Objective seen = objective(level, work_.measured);
        return {model, seen.spread * preference, seen.share, preference};
    }

    // The first of equals.
    static const Candidate& best_of(const std::vector<Candidate>& candidates) {
        return *std::max_element(
            candidates.begin(), candidates.end(),
            [](const Candidate& i, const Candidate& j) { return i.score < j.score; });
    }

    // Adds the best hypotheses of the search that are unlike each other.
    void search_candidates(const AlignLevel& level) {
        const LumaView picture = level.current.view();
        const std::vector<Model> found = work_.search.hypotheses();
        std::vector<double> scores;
        for (const Model& model : found) scores.push_back(work_.search.score(model));
        std::vector<std::size_t> order(found.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t i, std::size_t j) { return scores[i] > scores[j]; });
        std::vector<Model> starts;
        const auto apart = [&](const Model& first, const Model& second, double distance_px) {
            return corner_distance_px(first, second, picture.height, picture.width) > distance_px;
        };
        const auto unlike_known = [&](const Model& model, double distance_px) {
            return std::all_of(candidates_.begin(), candidates_.end(), [&](const Candidate& known) {
                return apart(model, known.model, distance_px);
            });
        };
        for (const std::size_t index : order) {
            if (starts.size() == kCandidates) break;
            const Model& model = found[index];
            if (!unlike_known(model, kCandidateDistancePx) ||
                !std::all_of(starts.begin(), starts.end(), [&](const Model& start) {
                    return apart(model, start, kCandidateDistancePx);
                }))
                continue;
            starts.push_back(model);
            const Candidate candidate = consider(level, model, 1.0, kCandidateIterations);
            if (unlike_known(candidate.model, kSamePx)) candidates_.push_back(candidate);
        }
    }

    Workspace& work_;
    int threads_;
    Isa isa_;
    std::vector<Candidate> candidates_;
    std::optional<double> explained_;
};

}  // namespace

AlignResult align(LumaView previous, LumaView current, const AlignOptions& options, int threads,
                  Isa isa) {
    const int width = current.width, height = current.height;
    if (previous.width != width || previous.height != height)
        throw std::invalid_argument("previous and current must have the same shape");
    if (std::min(width, height) < kAlignMinSidePx || std::max(width, height) > kAlignMaxSidePx)
        throw std::invalid_argument("align takes pictures of 32 to 4096 px a side");
    if (identical(previous, current)) return {InverseQ16{}, 1.0, true, std::nullopt};
    thread_local Workspace work;
    build_pyramid(previous, current, options.valid, threads, isa, work);
    std::vector<Model> starts{Model{}};
    if (options.hint && *options.hint != InverseQ16{}) {
        Model hint = model_of(*options.hint);
        if (plausible(hint, height, width)) {
            for (std::size_t k = 1; k < work.depth; ++k) hint = to_coarser(hint);
            starts.push_back(hint);
        }
    }
    ModelFinder finder(work, threads, isa);
    const double enough = starts.size() > 1 ? options.enough : 1.0;
    const std::optional<Model> found = finder.find(starts, enough);
    if (!found) return {InverseQ16{}, 0.0, false, 0.0};
    Model model = *found;
    for (std::size_t k = work.depth; k-- > 0;) {
        const std::size_t detail = std::min<std::size_t>(k, 2);
        model = refine(work.levels[k], model, kIterations[detail], kStopPx[detail], threads, isa,
                       work.measured);
        if (k > 0) model = to_finer(model);
    }
    if (corner_distance_px(model, Model{}, height, width) < kStillPx) model = Model{};
    return {quantize(model), confidence_of(work.measured), true, finder.explained()};
}

}  // namespace pyanalyzer
