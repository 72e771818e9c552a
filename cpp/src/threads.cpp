#include "pyanalyzer/threads.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace pyanalyzer {

void parallel_bands(int threads, int count, int grain, const std::function<void(int, int)>& body) {
    const int units = (count + grain - 1) / grain;
    const int bands = std::clamp(threads, 1, std::max(units, 1));
    if (bands == 1) {
        if (count > 0) body(0, count);
        return;
    }
    std::exception_ptr failure;
    std::mutex failure_mutex;
    const auto run = [&](int band) {
        const int begin = static_cast<int>(static_cast<long long>(units) * band / bands) * grain;
        const int end =
            static_cast<int>(static_cast<long long>(units) * (band + 1) / bands) * grain;
        try {
            body(begin, std::min(end, count));
        } catch (...) {
            const std::lock_guard lock(failure_mutex);
            if (!failure) failure = std::current_exception();
        }
    };
    std::vector<std::thread> workers;
    workers.reserve(static_cast<std::size_t>(bands) - 1);
    for (int band = 1; band < bands; ++band) workers.emplace_back(run, band);
    run(0);
    for (std::thread& worker : workers) worker.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace pyanalyzer
