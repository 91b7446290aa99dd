#pragma once

#include <string>

#include "core/base/result.h"
#include "core/client/consumer.h"

namespace sluice::cmd {

// How a record is printed. A format is text with kcat's marks: %s or %v value, %k key, %S and %K
// their lengths (-1 for none), %o offset, %p partition, %t topic, %T timestamp in ms, %h headers,
// %% a percent sign; and \n, \t, \r, \0, \\, \xHH.
class RecordFormat {
public:
    // The message names the mark that means nothing.
    static Result<RecordFormat, std::string> parse(std::string_view text);

    void append(std::string& out, const client::ReadRecord& record) const;

private:
    struct Piece {
        std::string text;  // As it is, when there is no mark.
        char mark = 0;
    };
    std::vector<Piece> pieces_;
};

// An object; bytes that are no UTF-8 stand in base64, as key_base64 and value_base64.
std::string json_of(const client::ReadRecord& record);

}  // namespace sluice::cmd
