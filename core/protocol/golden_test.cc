#include "core/base/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "core/protocol/every_message.h"

namespace sluice::protocol {
namespace {

using golden::from_hex;

// testdata/golden.txt holds a message a line: its name, its version, its bytes. They were drawn at
// random and written by the classes in Apache Kafka 4.3.1's own libraries.

struct Golden {
    Version version;
    std::string hex;
};

std::multimap<std::string, Golden> read_goldens() {
    // A longer list, made the same way, can be named here.
    const char* const other = std::getenv("SLUICE_GOLDEN");
    std::ifstream file(other ? other : SLUICE_SOURCE_DIR "/core/protocol/testdata/golden.txt");
    std::multimap<std::string, Golden> goldens;
    std::string name;
    std::int16_t version = 0;
    std::string hex;
    while (file >> name >> version) {
        std::getline(file, hex);
        hex.erase(0, hex.find_first_not_of(' '));
        goldens.insert({name, {Version(version), hex}});
    }
    return goldens;
}

TEST(Golden, KafkasOwnBytesOfEveryVersionAreReadAndWrittenAgain) {
    const auto goldens = read_goldens();
    each_message([&](const std::string& name, auto identity) {
        using M = typename decltype(identity)::type;
        if (name.ends_with("Header")) return;  // Their bytes are in codec_test.cc.
        std::set<Version> seen;
        const auto [first, last] = goldens.equal_range(name);
        for (auto at = first; at != last; ++at) {
            const auto& [version, hex] = at->second;
            if (!M::versions.contains(version)) continue;
            seen.insert(version);
            const Bytes bytes = from_hex(hex);
            const auto message = decode<M>(bytes, version);
            ASSERT_TRUE(message) << name << ' ' << version.value << ' ' << hex;
            EXPECT_EQ(encode(*message, version)->text(), bytes.text())
                << name << ' ' << version.value << ' ' << hex << '\n'
                << to_text(*message);
        }
        const int versions = M::versions.last - M::versions.first + 1;
        EXPECT_EQ(seen.size(), static_cast<std::size_t>(versions)) << name;
    });
}

}  // namespace
}  // namespace sluice::protocol
