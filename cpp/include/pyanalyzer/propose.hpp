// Candidate regions of one frame, from the evidence on its block grid.
#pragma once

#include <cstdint>
#include <vector>

namespace pyanalyzer {

// Weight of the Potts prior between neighbouring blocks, in 1/16 nat.
inline constexpr std::int32_t kPotts = 8;

// The arrays of Evidence that matter here; rows*cols, motions rows*cols*2.
struct EvidenceView {
    int rows;
    int cols;
    const std::uint16_t* residual;
    const std::uint16_t* noise_floor;
    const std::int16_t* motion_q4;
    const std::int16_t* motion_change_q4;
};

struct ProposalRow {
    int x_px, y_px, w_px, h_px;
    int score_q4;  // sum of the unaries, 1/16 nat
    int motion_q4[2];
    int motion_change_q4[2];
    int blocks;
};

// Log-likelihood ratio changed : unchanged of every block, in 1/16 nat; see docs/evidence.md.
void block_unaries(const EvidenceView& evidence, std::int32_t* unary);

// 8-connected components of the labelled blocks (label_grid with kPotts) whose unaries sum to three
// nats or more. Of more than `limit`, half (rounded up) are those of the best scores and the others
// the smallest of the rest. In the order of their scores, ties to the upper, then the left one.
std::vector<ProposalRow> propose(const EvidenceView& evidence, int limit);

}  // namespace pyanalyzer
