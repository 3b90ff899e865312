/* The portable kernels; the assembly ones are declared beside the tables that name them. */
#pragma once
#include "runtime.h"

kernel_function portable_first_convolution, portable_depthwise, portable_pointwise, portable_plane_sums;
