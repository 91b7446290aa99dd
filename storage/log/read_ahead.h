#pragma once

#include <cstdint>
#include <list>
#include <optional>

#include "core/base/time.h"
#include "core/broker/log.h"
#include "core/env/event.h"
#include "storage/log/scan.h"

namespace sluice::storage {

class Log;

// Who reads logs of a shard from disk one piece behind another: the next piece is read while the
// last one is on its way to the client. Knows readers by where they went on.
class ReadAhead {
public:
    // Holds at most so much that nobody has asked for yet.
    ReadAhead(env::Scheduler& scheduler, std::size_t bytes_max)
        : scheduler_(scheduler), bytes_max_(bytes_max), done_(scheduler), fibers_(scheduler) {}
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    // What was read ahead for somebody who goes on there. Waits while it is being read.
    std::optional<DiskRead> take(const Log& log, const broker::PartitionLog::ReadRange& range);
    // Somebody was given what ends at `next`. When that was not his first piece the one behind it
    // is read now.
    void given(Log& log, const broker::PartitionLog::ReadRange& range, Offset next);

    // Forgets who did not go on for a while.
    void trim();
    // The log goes away.
    void forget(const Log& log);
    void join() { fibers_.join(); }

private:
    struct Reader {
        const Log* log;  // None when it went away meanwhile.
        Offset next;
        Time since;
        bool reading = false;
        std::size_t bytes = 0;  // Reserved while it is read, and as long as nobody took it.
        std::optional<DiskRead> ahead = {};
    };
    using Readers = std::list<Reader>;

    Readers::iterator find(const Log& log, Offset next);
    void begin(Log& log, Reader& reader, const broker::PartitionLog::ReadRange& range);
    void read(Log& log, Reader& reader, const broker::PartitionLog::ReadRange& range);
    void erase(Readers::iterator reader);

    env::Scheduler& scheduler_;
    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    Readers readers_;
    env::Signal done_;
    env::FiberGroup fibers_;
};

}  // namespace sluice::storage
