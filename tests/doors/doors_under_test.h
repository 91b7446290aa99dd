#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/env/env.h"

// One conformance suite for every implementation of the doors (core/env): what the code above them
// may rely on. To put another implementation under test, implement DoorsUnderTest and instantiate:
//
//     INSTANTIATE_DOORS(Simulated, make_simulated_doors);

namespace sluice::doors {

class DoorsUnderTest {
public:
    using Body = std::function<void(std::vector<env::Env*>)>;

    virtual ~DoorsUnderTest() = default;

    // Runs `body` in a fiber of the first of so many shards of a fresh process, with the doors of
    // all of them, and returns when every fiber has ended. The disk is empty at the first run and
    // then as the run before left it.
    virtual void run(std::uint32_t shards, const Body& body) = 0;
    // False where this machine does not have what the implementation needs.
    virtual bool available() { return true; }
    // A name or number under which the process reaches itself.
    virtual std::string host() const = 0;
};

using MakeDoors = std::unique_ptr<DoorsUnderTest> (*)();

class DoorsTest : public testing::TestWithParam<MakeDoors> {
protected:
    void SetUp() override {
        doors = GetParam()();
        if (!doors->available()) GTEST_SKIP() << "not to be had on this machine";
    }

    void on_one_shard(const std::function<void(env::Env&)>& body) {
        doors->run(1, [&](const std::vector<env::Env*>& envs) { body(*envs.front()); });
    }
    void on_shards(std::uint32_t count, const DoorsUnderTest::Body& body) {
        doors->run(count, body);
    }

    std::unique_ptr<DoorsUnderTest> doors;
};

// The same, for suites of their own.
class DiskDoorTest : public DoorsTest {};
class NetworkDoorTest : public DoorsTest {};
class ClockDoorTest : public DoorsTest {};
class ShardsDoorTest : public DoorsTest {};

}  // namespace sluice::doors

// Every suite on one implementation.
#define INSTANTIATE_DOORS(name, make)                                                  \
    INSTANTIATE_TEST_SUITE_P(name, DiskDoorTest, testing::Values(MakeDoors(make)));    \
    INSTANTIATE_TEST_SUITE_P(name, NetworkDoorTest, testing::Values(MakeDoors(make))); \
    INSTANTIATE_TEST_SUITE_P(name, ClockDoorTest, testing::Values(MakeDoors(make)));   \
    INSTANTIATE_TEST_SUITE_P(name, ShardsDoorTest, testing::Values(MakeDoors(make)))
