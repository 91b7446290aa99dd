#include "storage/log/standby.h"

namespace sluice::storage {

Result<void> Standby::start() {
    if (fibers_.running() > 0) return {};
    return fibers_.spawn(name_, [this] { run(); });
}

void Standby::wake() {
    awake_ = !start().failed();
    woken_.set();
}

void Standby::run() {
    do {
        work_();
        awake_ = false;
    } while (!ending_ && woken_.wait());
}

void Standby::join() {
    ending_ = true;
    woken_.set();
    fibers_.join();
}

}  // namespace sluice::storage
