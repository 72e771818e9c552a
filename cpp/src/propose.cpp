#include "pyanalyzer/propose.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "pyanalyzer/image.hpp"
#include "pyanalyzer/mincut.hpp"

namespace pyanalyzer {

namespace {

// Residuals of unchanged blocks are taken as exponential with the noise floor f as their mean,
// those of changed blocks as exponential with the mean 4 f: LLR = (3/4) r/f - ln 4, in 1/16 nat.
constexpr int kResidualSlope = 12;
constexpr int kResidualOffset = -22;
constexpr int kResidualMax = 64;  // four nats: beyond, a larger residual is not surer evidence
constexpr int kMotionMax = 16;    // motion against the view: a hint, one nat from 2 px on
constexpr int kChangeMax = 48;    // change of motion: what the detector is for, from 1.5 px on

constexpr int kMinScoreQ4 = 48;  // three nats: a lone block less sure than that is noise

int magnitude(const std::int16_t* motion) {
    return std::max(std::abs(static_cast<int>(motion[0])), std::abs(static_cast<int>(motion[1])));
}

// The lower median; zero where there is nothing.
int median(std::vector<int>* values) {
    if (values->empty()) return 0;
    const auto middle = values->begin() + static_cast<std::ptrdiff_t>((values->size() - 1) / 2);
    std::nth_element(values->begin(), middle, values->end());
    return *middle;
}

class Component {
  public:
    void add(int col, int row, int unary, const std::int16_t* motion, const std::int16_t* change) {
        left_ = std::min(left_, col);
        right_ = std::max(right_, col);
        top_ = std::min(top_, row);
        bottom_ = std::max(bottom_, row);
        score_ += unary;
        ++blocks_;
        motion_.add(motion);
        change_.add(change);
    }

    ProposalRow row() {
        return {left_ * kBlockPx,
                top_ * kBlockPx,
                (right_ - left_ + 1) * kBlockPx,
                (bottom_ - top_ + 1) * kBlockPx,
                score_,
                {motion_.median_of(0), motion_.median_of(1)},
                {change_.median_of(0), change_.median_of(1)},
                blocks_};
    }

  private:
    // Median over the blocks that move at all: the others are what the mover uncovered.
    struct MovingMedian {
        std::vector<int> values[2];
        void add(const std::int16_t* value) {
            if (value[0] == 0 && value[1] == 0) return;
            values[0].push_back(value[0]);
            values[1].push_back(value[1]);
        }
        int median_of(int axis) { return median(&values[axis]); }
    };

    int left_ = 1 << 30, right_ = -1, top_ = 1 << 30, bottom_ = -1;
    int score_ = 0, blocks_ = 0;
    MovingMedian motion_, change_;
};

auto by_score(const ProposalRow& p) {
    return std::tuple(-p.score_q4, p.y_px, p.x_px, p.w_px, p.h_px);
}

auto by_size(const ProposalRow& p) { return std::tuple(p.blocks, by_score(p)); }

// Half of the places go to the best scores, the others to the smallest of the rest: a score grows
// with the size, and large movers would hide a small avatar.
std::vector<ProposalRow> select(std::vector<ProposalRow> found, int limit) {
    const auto better = [](const auto& a, const auto& b) { return by_score(a) < by_score(b); };
    const auto smaller = [](const auto& a, const auto& b) { return by_size(a) < by_size(b); };
    std::sort(found.begin(), found.end(), better);
    if (found.size() <= static_cast<std::size_t>(limit)) return found;
    std::sort(found.begin() + (limit + 1) / 2, found.end(), smaller);
    found.resize(static_cast<std::size_t>(limit));
    std::sort(found.begin(), found.end(), better);
    return found;
}

}  // namespace

void block_unaries(const EvidenceView& evidence, std::int32_t* unary) {
    const int count = evidence.rows * evidence.cols;
    for (int i = 0; i < count; ++i) {
        const int floor = std::max<int>(evidence.noise_floor[i], 1);
        const int residual =
            std::min(kResidualSlope * evidence.residual[i] / floor + kResidualOffset, kResidualMax);
        const int motion = std::min(magnitude(evidence.motion_q4 + 2 * i) / 2, kMotionMax);
        const int change = std::min(2 * magnitude(evidence.motion_change_q4 + 2 * i), kChangeMax);
        unary[i] = residual + motion + change;
    }
}

std::vector<ProposalRow> propose(const EvidenceView& evidence, int limit) {
    const int rows = evidence.rows, cols = evidence.cols;
    const auto count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols);
    std::vector<std::int32_t> unary(count);
    std::vector<std::uint8_t> labels(count);
    block_unaries(evidence, unary.data());
    label_grid(unary.data(), rows, cols, kPotts, labels.data());
    std::vector<ProposalRow> found;
    std::vector<int> stack;
    for (int start = 0; start < rows * cols; ++start) {
        if (!labels[static_cast<std::size_t>(start)]) continue;
        Component component;
        labels[static_cast<std::size_t>(start)] = 0;
        stack.push_back(start);
        while (!stack.empty()) {
            const int block = stack.back();
            stack.pop_back();
            const int y0 = block / cols, x0 = block % cols;
            component.add(x0, y0, unary[static_cast<std::size_t>(block)],
                          evidence.motion_q4 + 2 * block, evidence.motion_change_q4 + 2 * block);
            for (int y = std::max(y0 - 1, 0); y <= std::min(y0 + 1, rows - 1); ++y) {
                for (int x = std::max(x0 - 1, 0); x <= std::min(x0 + 1, cols - 1); ++x) {
                    const auto next = static_cast<std::size_t>(y * cols + x);
                    if (!labels[next]) continue;
                    labels[next] = 0;
                    stack.push_back(y * cols + x);
                }
            }
        }
        const ProposalRow row = component.row();
        if (row.score_q4 >= kMinScoreQ4) found.push_back(row);
    }
    return select(std::move(found), limit);
}

}  // namespace pyanalyzer
