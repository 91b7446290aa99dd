#include "core/posix/file_threads.h"

#include <unistd.h>

#include <cerrno>

namespace sluice::posix {
namespace {

int answer(ssize_t result) {
    return result >= 0 ? static_cast<int>(result) : -errno;
}

int perform(const Operation& op) {
    const auto offset = static_cast<off_t>(op.offset);
    const int count = static_cast<int>(op.piece_count);
    if (op.kind == OperationKind::read) return answer(preadv(op.fd, op.pieces, count, offset));
    if (op.kind == OperationKind::write) return answer(pwritev(op.fd, op.pieces, count, offset));
    if (op.kind == OperationKind::write_durable)
        return answer(pwritev2(op.fd, op.pieces, count, offset, RWF_DSYNC));
    return answer(fdatasync(op.fd));
}

}  // namespace

void FileThreads::submit(Operation& op) {
    pool_.give({[&op] { return perform(op); },
                [this, &op](int result) {
                    {
                        const std::lock_guard lock(mutex_);
                        ended_.emplace_back(&op, result);
                    }
                    if (asleep_.exchange(false)) interrupt_();
                }});
}

bool FileThreads::falls_asleep() {
    asleep_.store(true);
    const std::lock_guard lock(mutex_);
    return ended_.empty();
}

FileThreads::Ended FileThreads::take_ended() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ended_, {});
}

}  // namespace sluice::posix
