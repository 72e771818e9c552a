// Exhaustive block search at the coarsest level, and hypotheses of a similarity drawn from it.
#pragma once

#include <cstdint>
#include <vector>

#include "align_blocks.hpp"

namespace pyanalyzer {

// SADs of all blocks at all shifts, and what follows from them, per block.
class BlockSearch {
  public:
    void run(const AlignLevel& level, int threads, Isa isa);

    // Translations of single blocks and similarities of pairs, drawn in proportion to weight.
    std::vector<Model> hypotheses() const;

    // What the SADs at the shifts that the model predicts say for it, spread over cells.
    double score(const Model& model) const;

    // Whether the best shifts are those of two pictures that have nothing to do with each other:
    // neighbouring blocks disagree about their motion, the best SADs are not far below the mean
    // ones, and no similarity explains them (share: of the texture that follows the best one).
    bool looks_unrelated(double share) const;

  private:
    void sad_rows(const AlignLevel& level, const AlignKernels& kernels,
                  const std::uint8_t* previous, std::ptrdiff_t previous_stride,
                  std::uint16_t* out) const;
    void weigh(const AlignLevel& level);
    double vertex(std::size_t block, int step, int position) const;

    int radius_ = 0;
    int side_ = 0;  // 2 * radius + 1
    int rows_ = 0;
    int cols_ = 0;
    std::size_t blocks_ = 0;
    std::size_t pitch_ = 0;              // blocks and padding of one shift
    std::vector<std::uint16_t> volume_;  // shifts x blocks, y-major shifts -radius..radius
    std::vector<std::uint16_t> minimum_;
    std::vector<std::uint16_t> best_;  // index of the best shift, the first of equals
    std::vector<std::uint32_t> sum_;
    struct Weight {
        std::int64_t weight;
        std::int64_t mean;
        std::int64_t reference;  // SADs below this speak for a shift
        std::int64_t unit;       // weight per SAD below it, in 1/65536
    };
    std::vector<Weight> weights_;
    std::vector<std::uint8_t> current_;
    std::vector<std::uint8_t> previous_;
};

}  // namespace pyanalyzer
