#include "pyanalyzer/isa.hpp"
#include "register.hpp"

namespace pyanalyzer::bindings {

void register_isa(py::module_& module) {
    module.def("supported_isas", [] {
        std::vector<std::string> names;
        for (const Isa isa : supported_isas()) names.emplace_back(isa_name(isa));
        return names;
    });
    module.def("default_isa", [] { return std::string(isa_name(default_isa())); });
}

}  // namespace pyanalyzer::bindings
