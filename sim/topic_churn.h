#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/client/admin.h"
#include "sim/workload.h"

namespace sluice::sim {

// Topics that are made, grown, configured, cut at their beginning and deleted. What was
// granted must be seen at once and for ever, whatever happens to the broker; what became of a wish
// without an answer is nobody's business, and its topic is left alone.
class TopicChurn final : public Workload {
public:
    explicit TopicChurn(const WorkloadContext& context)
        : context_(context), draws_(context.world.stream("churn")) {}

    std::string_view name() const override { return "churn"; }
    Result<void> set_up(env::Env&) override { return {}; }
    Result<void> run(env::Env& env) override;
    Result<void> check(env::Env& env) override;
    std::string pending() const override;
    std::optional<Failure> judge() override { return failure_; }
    OperationCount operations() const override { return {asked_, granted_}; }

private:
    // What was granted last.
    struct Topic {
        bool exists = false;
        bool sure = true;
        TopicId id = {};
        std::int32_t partitions = 0;
        // Its own settings.
        std::map<std::string, std::string> configs = {};
        std::int64_t start = 0;  // Of its first partition,
        std::int64_t end = 0;    // and what was acknowledged there.
        std::vector<TopicId> former_ids = {};
    };

    void step(client::Admin& admin);
    void create(client::Admin& admin, const std::string& name, Topic& topic);
    void pretend(client::Admin& admin, const std::string& name);
    void remove(client::Admin& admin, const std::string& name, Topic& topic);
    void grow(client::Admin& admin, const std::string& name, Topic& topic);
    void configure(client::Admin& admin, const std::string& name, Topic& topic);
    void write(client::Admin& admin, const std::string& name, Topic& topic);
    void cut(client::Admin& admin, const std::string& name, Topic& topic);
    Result<void> verify_any(client::Admin& admin);
    Result<void> verify(client::Admin& admin, const std::string& name, Topic& topic);
    Result<void> verify_there(client::Admin& admin, const std::string& name, const Topic& topic,
                              const protocol::MetadataResponse::Topic& answer);
    Result<void> verify_configs(client::Admin& admin, const std::string& name, const Topic& topic);
    Result<void> verify_last_partition(client::Admin& admin, const std::string& name,
                                       const Topic& topic);
    Result<void> verify_start(client::Admin& admin, const std::string& name, const Topic& topic);
    // Asks once, for who asks twice does not know when the first one is heard. Whether it was
    // granted; a topic that was not surely left alone is unsure from then on.
    template <class Request, class Answer>
    bool granted(client::Admin& admin, Topic& topic, const Request& request, Answer answer);
    void fail(const std::string& signature, std::string text);

    const WorkloadContext& context_;
    Random draws_;
    std::map<std::string, Topic> topics_;
    std::uint64_t names_ = 0;
    std::uint64_t asked_ = 0;
    std::uint64_t granted_ = 0;
    std::size_t unverified_ = 0;
    std::optional<Failure> failure_;
};

}  // namespace sluice::sim
