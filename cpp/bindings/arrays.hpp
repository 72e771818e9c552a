// The one place where Python arrays are checked and turned into views.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <optional>
#include <string>

#include "pyanalyzer/image.hpp"
#include "pyanalyzer/isa.hpp"

namespace pyanalyzer::bindings {

namespace py = pybind11;

// A uint8 array (height, width) with contiguous pixels in each row; any row stride, never copied.
// Throws TypeError on another dtype, ValueError on another shape or layout, naming the argument.
LumaView luma_view(const py::array& array, const char* name);

// The array's shape must be (rows, cols[, last]) of the dtype, C-contiguous.
void require_array(const py::array& array, const char* name, const py::dtype& dtype,
                   std::initializer_list<py::ssize_t> shape);

// None gives the default.
Isa isa_argument(const std::optional<std::string>& name);

// threads >= 1, or ValueError.
int threads_argument(int threads);

py::array_t<std::uint8_t> new_luma(int height, int width);
MutableLumaView mutable_view(py::array_t<std::uint8_t>& array);

}  // namespace pyanalyzer::bindings
