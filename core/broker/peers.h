#pragma once

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/env/network.h"
#include "core/protocol/question.h"

namespace sluice::broker {

// A shard's way to ask other nodes; net/kafka implements it. Connections are made when they are
// needed and made again when they break. Each call waits for the answer, at most as long as the
// implementation was told; Error::refused when nobody listens there, Error::closed when the
// connection broke, Error::invalid for somebody who does not serve what is asked.
class Peers {
public:
    // Who is asked answers in the order of a connection's requests, so that what waits there needs
    // a connection of its own: each of these is one, to each node.
    enum class Line {
        quick,       // Answered at once.
        fetch,       // Waits for news.
        lifecycle,   // How a broker shows that it lives.
        controller,  // Waits for a record to be committed.
        forwarded,   // What clients want of the controller: may be much.
    };
    struct How {
        Line line = Line::quick;
        // Beyond the usual: who is asked may take so much before it answers.
        Duration extra_time = Duration::zero();
    };

    virtual ~Peers() = default;

    template <protocol::Message Request>
    auto ask(const env::Address& to, const Request& request, const How& how)
        -> Result<typename protocol::ApiOf<Request>::type::Response> {
        TRY(const protocol::Answer answer, ask(to, protocol::question_of(request), how));
        return protocol::decode<typename protocol::ApiOf<Request>::type::Response>(answer.body,
                                                                                   answer.version);
    }
    virtual Result<protocol::Answer> ask(const env::Address& to, const protocol::Question& question,
                                         const How& how) = 0;
    // Ends every connection and every call, and lets none begin. Never waits.
    virtual void break_off() = 0;
    // After break_off(), once nobody is inside: must come before it goes. May wait.
    virtual void close() = 0;
};

}  // namespace sluice::broker
