#include "pyanalyzer/mincut.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

namespace pyanalyzer {

namespace {

// Maximum flow on a 4-connected grid by two search trees, one from the source ("changed": nodes
// with a positive unary hang on it) and one from the sink: grow the trees until they touch, augment
// along the path, adopt the orphans (Boykov & Kolmogorov, PAMI 2004, with the distances and time
// stamps of their implementation notes). The grid is padded by a border without capacity.
class GridCut {
  public:
    GridCut(const std::int32_t* unary, int rows, int cols, std::int32_t potts)
        : rows_(rows), cols_(cols), stride_(cols + 2) {
        const auto size = static_cast<std::size_t>(rows + 2) * static_cast<std::size_t>(stride_);
        nodes_.resize(size);
        offset_ = {1, -1, stride_, -stride_};
        for (int row = 0; row < rows; ++row) {
            for (int col = 0; col < cols; ++col) {
                Node& node = nodes_[at(row, col)];
                node.terminal = unary[static_cast<std::ptrdiff_t>(row) * cols + col];
                node.capacity = {col + 1 < cols ? potts : 0, col > 0 ? potts : 0,
                                 row + 1 < rows ? potts : 0, row > 0 ? potts : 0};
            }
        }
    }

    void solve() {
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            Node& node = nodes_[i];
            if (node.terminal == 0) continue;
            node.tree = node.terminal > 0 ? kSource : kSink;
            node.parent = kTerminal;
            node.distance = 1;
            activate(static_cast<int>(i));
        }
        while (true) {
            const int i = next_active();
            if (i < 0) return;
            const int direction = grow(i);
            if (direction < 0) {
                node(i).queued = false;
                ++head_;
                continue;
            }
            ++time_;
            augment(i, direction);
            adopt();
        }
    }

    // Nodes that the source still reaches: the smallest set on its side of a minimum cut.
    void labels(std::uint8_t* out) const {
        std::vector<std::uint8_t> reached(nodes_.size());
        std::vector<int> stack;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (nodes_[i].terminal <= 0) continue;
            reached[i] = 1;
            stack.push_back(static_cast<int>(i));
        }
        while (!stack.empty()) {
            const int i = stack.back();
            stack.pop_back();
            for (int d = 0; d < 4; ++d) {
                if (node(i).capacity[index(d)] == 0) continue;
                const int j = i + offset_[index(d)];
                if (reached[static_cast<std::size_t>(j)]) continue;
                reached[static_cast<std::size_t>(j)] = 1;
                stack.push_back(j);
            }
        }
        for (int row = 0; row < rows_; ++row)
            for (int col = 0; col < cols_; ++col) *out++ = reached[at(row, col)];
    }

  private:
    static constexpr std::int8_t kFree = 0, kSource = 1, kSink = 2;
    static constexpr std::int8_t kTerminal = 4, kOrphan = 5, kNone = 6;  // parents that are no arc

    struct Node {
        std::array<std::int32_t, 4> capacity{};  // left over: right, left, down, up
        std::int32_t terminal = 0;  // left over from the source (> 0) or to the sink (< 0)
        std::int32_t distance = 0;  // arcs to the terminal, exact if `stamp` is the time
        std::int32_t stamp = 0;
        std::int8_t tree = kFree;
        std::int8_t parent = kNone;  // direction towards the parent
        bool queued = false;
    };

    static std::size_t index(int direction) { return static_cast<std::size_t>(direction); }
    static int opposite(int direction) { return direction ^ 1; }
    std::size_t at(int row, int col) const {
        return static_cast<std::size_t>(row + 1) * static_cast<std::size_t>(stride_) +
               static_cast<std::size_t>(col + 1);
    }
    Node& node(int i) { return nodes_[static_cast<std::size_t>(i)]; }
    const Node& node(int i) const { return nodes_[static_cast<std::size_t>(i)]; }

    // Capacity along the tree: from the source outwards, towards the sink inwards. `i` is the end
    // that is nearer to the terminal of `tree`.
    std::int32_t tree_capacity(std::int8_t tree, int i, int direction) const {
        return tree == kSource
                   ? node(i).capacity[index(direction)]
                   : node(i + offset_[index(direction)]).capacity[index(opposite(direction))];
    }

    void activate(int i) {
        if (node(i).queued) return;
        node(i).queued = true;
        active_.push_back(i);
    }

    int next_active() {
        while (head_ < active_.size()) {
            const int i = active_[head_];
            if (node(i).tree != kFree) return i;
            node(i).queued = false;
            ++head_;
        }
        active_.clear();
        head_ = 0;
        return -1;
    }

    // Takes free neighbours into the tree. Returns the direction in which the other tree begins,
    // or -1.
    int grow(int i) {
        const Node& here = node(i);
        for (int d = 0; d < 4; ++d) {
            if (tree_capacity(here.tree, i, d) == 0) continue;
            const int j = i + offset_[index(d)];
            Node& there = node(j);
            if (there.tree == kFree) {
                there.tree = here.tree;
                there.parent = static_cast<std::int8_t>(opposite(d));
                there.stamp = here.stamp;
                there.distance = here.distance + 1;
                activate(j);
            } else if (there.tree != here.tree) {
                return d;
            } else if (there.stamp <= here.stamp && there.distance > here.distance) {
                there.parent = static_cast<std::int8_t>(opposite(d));
                there.stamp = here.stamp;
                there.distance = here.distance + 1;
            }
        }
        return -1;
    }

    void augment(int i, int direction) {
        const int j = i + offset_[index(direction)];
        const bool outwards = node(i).tree == kSource;
        const int source_end = outwards ? i : j, sink_end = outwards ? j : i;
        const int arc = outwards ? direction : opposite(direction);
        std::int32_t flow = node(source_end).capacity[index(arc)];
        for (int k = source_end;; k += offset_[index(node(k).parent)]) {
            if (node(k).parent == kTerminal) {
                flow = std::min(flow, node(k).terminal);
                break;
            }
            const int up = k + offset_[index(node(k).parent)];
            flow = std::min(flow, node(up).capacity[index(opposite(node(k).parent))]);
        }
        for (int k = sink_end;; k += offset_[index(node(k).parent)]) {
            if (node(k).parent == kTerminal) {
                flow = std::min(flow, -node(k).terminal);
                break;
            }
            flow = std::min(flow, node(k).capacity[index(node(k).parent)]);
        }
        node(source_end).capacity[index(arc)] -= flow;
        node(sink_end).capacity[index(opposite(arc))] += flow;
        push_to_source(source_end, flow);
        push_to_sink(sink_end, flow);
    }

    void push_to_source(int k, std::int32_t flow) {
        while (node(k).parent != kTerminal) {
            const int d = node(k).parent;
            const int up = k + offset_[index(d)];
            node(k).capacity[index(d)] += flow;
            node(up).capacity[index(opposite(d))] -= flow;
            if (node(up).capacity[index(opposite(d))] == 0) orphan(k);
            k = up;
        }
        node(k).terminal -= flow;
        if (node(k).terminal == 0) orphan(k);
    }

    void push_to_sink(int k, std::int32_t flow) {
        while (node(k).parent != kTerminal) {
            const int d = node(k).parent;
            const int up = k + offset_[index(d)];
            node(k).capacity[index(d)] -= flow;
            node(up).capacity[index(opposite(d))] += flow;
            if (node(k).capacity[index(d)] == 0) orphan(k);
            k = up;
        }
        node(k).terminal += flow;
        if (node(k).terminal == 0) orphan(k);
    }

    void orphan(int k) {
        node(k).parent = kOrphan;
        orphans_.push_back(k);
    }

    // Distance of i from its terminal, or the largest number if its path ends in an orphan. Stamps
    // the path so that later walks are short.
    std::int32_t distance_to_terminal(int i) {
        std::int32_t length = 0;
        int k = i;
        while (true) {
            if (node(k).stamp == time_) {
                length += node(k).distance;
                break;
            }
            if (node(k).parent == kOrphan || node(k).parent == kNone)
                return std::numeric_limits<std::int32_t>::max();
            ++length;
            if (node(k).parent == kTerminal) {
                node(k).stamp = time_;
                node(k).distance = 1;
                break;
            }
            k += offset_[index(node(k).parent)];
        }
        std::int32_t left = length;
        for (k = i; node(k).stamp != time_; k += offset_[index(node(k).parent)]) {
            node(k).stamp = time_;
            node(k).distance = left--;
        }
        return length;
    }

    void adopt() {
        // In the order in which they became orphans; freed children join at the end.
        for (std::size_t next = 0; next < orphans_.size(); ++next) {
            const int i = orphans_[next];
            const std::int8_t tree = node(i).tree;
            std::int32_t best = std::numeric_limits<std::int32_t>::max();
            int best_direction = -1;
            for (int d = 0; d < 4; ++d) {
                const int j = i + offset_[index(d)];
                if (node(j).tree != tree || tree_capacity(tree, j, opposite(d)) == 0) continue;
                const std::int32_t distance = distance_to_terminal(j);
                if (distance < best) {
                    best = distance;
                    best_direction = d;
                }
            }
            if (best_direction >= 0) {
                node(i).parent = static_cast<std::int8_t>(best_direction);
                node(i).stamp = time_;
                node(i).distance = best + 1;
                continue;
            }
            node(i).stamp = 0;
            for (int d = 0; d < 4; ++d) {
                const int j = i + offset_[index(d)];
                if (node(j).tree != tree) continue;
                if (tree_capacity(tree, j, opposite(d)) != 0) activate(j);
                if (node(j).parent == opposite(d)) orphan(j);
            }
            node(i).tree = kFree;
            node(i).parent = kNone;
        }
        orphans_.clear();
    }

    int rows_, cols_, stride_;
    std::array<int, 4> offset_{};
    std::vector<Node> nodes_;
    std::vector<int> active_;  // a queue: nodes before head_ are done
    std::size_t head_ = 0;
    std::vector<int> orphans_;
    std::int32_t time_ = 0;
};

}  // namespace

void label_grid(const std::int32_t* unary, int rows, int cols, std::int32_t potts,
                std::uint8_t* labels) {
    const auto count = static_cast<std::ptrdiff_t>(rows) * cols;
    if (potts < 0 || potts > kMaxUnary) throw std::invalid_argument("potts must be 0..2^28");
    if (std::any_of(unary, unary + count,
                    [](std::int32_t u) { return u < -kMaxUnary || u > kMaxUnary; }))
        throw std::invalid_argument("unaries must lie within -2^28..2^28");
    std::fill_n(labels, count, std::uint8_t{0});
    if (std::none_of(unary, unary + count, [](std::int32_t u) { return u > 0; })) return;
    GridCut cut(unary, rows, cols, potts);
    cut.solve();
    cut.labels(labels);
}

}  // namespace pyanalyzer
