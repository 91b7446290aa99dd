#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "sim/plan.h"

namespace sluice::sim {

// A plan as lines that can be kept, edited and run again:
//
//     plan horizon_us=60000000 heal=restart_all restart_delay_us=1000000 core=0,1 buggify=1
//     fault power_cut at_us=1200 length_us=5000 node=0 other=1 amount=50
std::string to_text(const Plan& plan);
Result<Plan, std::string> parse_plan(std::string_view text);

}  // namespace sluice::sim
