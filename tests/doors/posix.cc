#include <unistd.h>

#include <array>
#include <barrier>
#include <cstdlib>
#include <filesystem>

#include "cmd/sluice/real_doors.h"
#include "tests/doors/doors_under_test.h"

namespace sluice::doors {
namespace {

// The real doors on one engine, below a temporary directory, on 127.0.0.1.
class PosixDoors final : public DoorsUnderTest {
public:
    explicit PosixDoors(posix::EngineChoice engine) : engine_(engine) {
        std::string pattern =
            (std::filesystem::temp_directory_path() / ("doors-" + std::string(6, 'X'))).string();
        const char* made = mkdtemp(pattern.data());
        EXPECT_NE(made, nullptr);
        directory_ = pattern;
    }
    ~PosixDoors() override { std::filesystem::remove_all(directory_); }
    PosixDoors(const PosixDoors&) = delete;
    PosixDoors& operator=(const PosixDoors&) = delete;

    void run(std::uint32_t shards, const Body& body) override {
        std::vector<env::Env*> envs(shards);
        std::barrier known(shards);
        const auto ended = posix::ShardGroup::run(
            {.count = shards, .reactor = {.engine = engine_}},
            [&](posix::ShardGroup::Shard& shard) {
                cmd::RealDoors doors(shard, directory_);
                envs[shard.shards.self().value] = &doors.env;
                known.arrive_and_wait();
                if (shard.shards.self() == ShardId(0)) {
                    body(envs);
                    // The other shards' doors must outlive it.
                    for (std::uint32_t i = 1; i < shards; ++i)
                        EXPECT_TRUE(env::call(shard.shards, ShardId(i),
                                              [&, i] { stop_waiting(*envs[i]); }));
                } else {
                    wait_for_the_end(doors.env);
                }
            });
        EXPECT_TRUE(ended);
    }
    std::string host() const override { return "127.0.0.1"; }
    // Some kernels and containers forbid io_uring.
    bool available() override {
        const auto nothing = [](posix::ShardGroup::Shard&) {};
        return !posix::ShardGroup::run({.reactor = {.engine = engine_}}, nothing).failed();
    }

private:
    void wait_for_the_end(env::Env& env) {
        env::Event over(env.scheduler);
        over_[env.shards.self().value] = &over;
        EXPECT_TRUE(over.wait());
    }
    void stop_waiting(env::Env& env) {
        env::Event*& over = over_[env.shards.self().value];
        while (over == nullptr) EXPECT_TRUE(env::yield(env.scheduler));
        std::exchange(over, nullptr)->set();
    }

    static constexpr std::size_t shards_max = 8;

    const posix::EngineChoice engine_;
    std::string directory_;
    std::array<env::Event*, shards_max> over_{};
};

std::unique_ptr<DoorsUnderTest> make_epoll() {
    return std::make_unique<PosixDoors>(posix::EngineChoice::epoll);
}

std::unique_ptr<DoorsUnderTest> make_ring() {
    return std::make_unique<PosixDoors>(posix::EngineChoice::io_uring);
}

INSTANTIATE_DOORS(Epoll, make_epoll);
INSTANTIATE_DOORS(Ring, make_ring);

}  // namespace
}  // namespace sluice::doors
