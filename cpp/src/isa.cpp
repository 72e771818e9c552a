#include "pyanalyzer/isa.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace pyanalyzer {

const std::vector<Isa>& supported_isas() {
    static const std::vector<Isa> isas = [] {
        std::vector<Isa> found{Isa::scalar};
#if defined(PYANALYZER_HAVE_AVX2) && (defined(__GNUC__) || defined(__clang__))
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
            found.push_back(Isa::avx2);
        if (found.back() == Isa::avx2 && __builtin_cpu_supports("avx512f"))
            found.push_back(Isa::avx512);
#endif
        return found;
    }();
    return isas;
}

bool has_vbmi() {
#if defined(PYANALYZER_HAVE_AVX2) && (defined(__GNUC__) || defined(__clang__))
    static const bool has =
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi");
    return has;
#else
    return false;
#endif
}

std::string_view isa_name(Isa isa) {
    switch (isa) {
        case Isa::avx512:
            return "avx512";
        case Isa::avx2:
            return "avx2";
        default:
            return "scalar";
    }
}

Isa isa_from_name(std::string_view name) {
    std::string known;
    for (Isa isa : supported_isas()) {
        if (isa_name(isa) == name) return isa;
        known += known.empty() ? "" : ", ";
        known += isa_name(isa);
    }
    throw std::invalid_argument("unknown or unsupported instruction set '" + std::string(name) +
                                "'; this machine has: " + known);
}

Isa default_isa() {
    static const Isa chosen = [] {
        const char* forced = std::getenv("PYANALYZER_ISA");
        if (forced && *forced) return isa_from_name(forced);
        return supported_isas().back();
    }();
    return chosen;
}

}  // namespace pyanalyzer
