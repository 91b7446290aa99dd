#include "cmd/sluice/signal_waiter.h"

#include <csignal>

namespace sluice::cmd {
namespace {

sigset_t signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

}  // namespace

void SignalWaiter::block() {
    const sigset_t set = signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

SignalWaiter::~SignalWaiter() {
    if (!letter_.delivered) pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
}

void SignalWaiter::wait_for_signal() {
    const sigset_t set = signals();
    int signal = 0;
    sigwait(&set, &signal);
    reactor_.receive(letter_);
}

}  // namespace sluice::cmd
