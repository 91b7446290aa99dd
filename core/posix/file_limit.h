#pragma once

#include <sys/resource.h>

namespace sluice::posix {

// Each partition and each connection holds a descriptor: takes as many as the system allows.
inline void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace sluice::posix
