// Splitting rows of work over threads. Bands are contiguous and disjoint, so results do not depend
// on how many threads there are.
#pragma once

#include <functional>

namespace pyanalyzer {

// Calls body(begin, end) on disjoint bands that cover [0, count), on at most `threads` threads (the
// caller's is one of them). Bands begin at multiples of `grain`. The first exception thrown by a
// body is thrown again here, after every thread has ended.
void parallel_bands(int threads, int count, int grain, const std::function<void(int, int)>& body);

}  // namespace pyanalyzer
