// The extension module: a table of contents. Each topic is bound in its own file.
#include "register.hpp"

PYBIND11_MODULE(_core, module) {
    using namespace pyanalyzer::bindings;
    module.doc() = "The compiled core of pyanalyzer; use it through pyanalyzer.core.";
    module.attr("__version__") = PYANALYZER_VERSION;
    register_isa(module);
    register_downscale(module);
    register_expand(module);
    register_align(module);
    register_difference(module);
    register_flow(module);
    register_propose(module);
    register_warp(module);
    register_block_maps(module);
    register_block_vectors(module);
    register_convolve(module);
}
