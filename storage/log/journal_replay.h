#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/uuid.h"
#include "core/broker/log.h"
#include "storage/log/resources.h"
#include "storage/log/summaries_file.h"

namespace sluice::storage {

// Before any log is opened: brings to the logs' segments what the journals of the last run have
// beyond them, syncs it, and removes the journals. May be interrupted anywhere and done again.
// Error::corrupt when a record is damaged or missing that was durable once.
//
// `hints` say which entries need not be looked at.
struct Replayed {
    // The logs that could not be given what is theirs, since their directories are damaged: they
    // must not be opened, and the journals stay.
    std::set<std::string> unreached;
    // Those that were.
    KnownLogs known;
    std::vector<Uuid> journals;  // All that were found.
};
Result<Replayed> replay_journals(const LogDoors& doors, const std::string& root,
                                 const std::map<std::string, broker::LogHints>& hints);

// The last run ended cleanly: everything is in the segments.
Result<void> discard_journals(const LogDoors& doors, const std::string& root);

}  // namespace sluice::storage
