// One function per topic; module.cpp is their table of contents.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace pyanalyzer::bindings {

namespace py = pybind11;

void register_align(py::module_& module);
void register_block_maps(py::module_& module);
void register_block_vectors(py::module_& module);
void register_convolve(py::module_& module);
void register_difference(py::module_& module);
void register_downscale(py::module_& module);
void register_expand(py::module_& module);
void register_flow(py::module_& module);
void register_isa(py::module_& module);
void register_propose(py::module_& module);
void register_warp(py::module_& module);

}  // namespace pyanalyzer::bindings
