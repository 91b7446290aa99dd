#pragma once

#include <optional>
#include <string>

#include "core/metadata/image.h"

namespace sluice::metadata {

// What the metadata asks for that this version cannot serve rightly, in words that end in a remedy;
// nothing when it can serve all of it. Looked at when a node starts on a directory that another
// version, or Apache Kafka, has written.
std::optional<std::string> complaint_about(const MetadataImage& image);

}  // namespace sluice::metadata
