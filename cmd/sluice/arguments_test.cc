#include "cmd/sluice/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::cmd {
namespace {

using testing::HasSubstr;
using testing::Not;

const CommandHelp& help() {
    static const CommandHelp made{.name = "produce",
                                  .positional = "TOPIC",
                                  .options = {{"bootstrap", "HOST:PORT"},
                                              {"acks", "N", "", false, "0|1|all"},
                                              {"compression", "CODEC", "", false, "none|gzip|zstd"},
                                              {"json"}}};
    return made;
}

Result<Arguments, std::string> parse(std::vector<std::string> words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    return Arguments::parse(help(), pointers);
}

std::string refusal_of(std::vector<std::string> words) {
    const auto parsed = parse(std::move(words));
    return parsed ? "" : parsed.error();
}

TEST(Arguments, TakesOptionsAndWordsInAnyOrder) {
    const auto parsed = parse({"--acks=1", "words", "--json"});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->positional().front(), "words");
    EXPECT_EQ(parsed->get("acks"), "1");
    EXPECT_TRUE(parsed->has("json"));
}

TEST(Arguments, KnowsWhatKafkasToolsCallTheBrokers) {
    EXPECT_THAT(refusal_of({"words", "--bootstrap-server", "a:1"}),
                HasSubstr("did you mean --bootstrap?"));
    EXPECT_THAT(refusal_of({"words", "-b", "a:1"}),
                HasSubstr("unknown option -b for 'sluice produce': did you mean --bootstrap?"));
}

TEST(Arguments, SaysWhatThereIsWhenNothingIsNear) {
    EXPECT_THAT(refusal_of({"words", "--acks", "2"}), HasSubstr("one of 0, 1, all"));
    EXPECT_THAT(refusal_of({"words", "--compression", "zst"}), HasSubstr("did you mean zstd?"));
    EXPECT_THAT(refusal_of({"words", "--frobnicate"}), Not(HasSubstr("did you mean")));
}

TEST(Arguments, TakesWordsThatBeginWithADashBehindTwoDashes) {
    const auto parsed = parse({"--", "-words"});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->positional().front(), "-words");
    EXPECT_THAT(refusal_of({"-words"}), HasSubstr("unknown option -words"));
}

TEST(Nearest, IsWhatMostLettersSay) {
    const std::vector<std::string> commands{"alter", "create", "delete", "describe", "list"};
    EXPECT_EQ(nearest("lsit", commands), "list");
    EXPECT_EQ(nearest("ls", commands), std::nullopt);
    EXPECT_EQ(nearest("crate", commands), "create");
    EXPECT_EQ(nearest("decsribe", commands), "describe");
    EXPECT_EQ(nearest("desc", commands), "describe");
    EXPECT_EQ(nearest("LIST", commands), "list");
    EXPECT_EQ(nearest("drop", commands), std::nullopt);
    EXPECT_EQ(nearest("x", {"y"}), std::nullopt);
    EXPECT_EQ(nearest("abc", {"xyc", "abd"}), "abd");
    EXPECT_EQ(nearest("abc", {"xyc"}), std::nullopt);
    EXPECT_EQ(nearest("bootstrap-server", {"bootstrap", "group"}), "bootstrap");
}

}  // namespace
}  // namespace sluice::cmd
