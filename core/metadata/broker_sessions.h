#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/base/time.h"
#include "core/metadata/image.h"

namespace sluice::metadata {

// When each broker was heard last, which no log says: what the active controller knows besides the
// image. Made anew when a controller becomes active, it takes every broker of the image for heard
// at that moment, so that those that are gone are missed too (KAFKA-18138). It never waits and
// reads no clock; the driver tells it what happens, and asks at wake_at() who is lost().
//
// A broker is lost when it was silent for the session timeout, or at once on evidence: its
// connection closed and nobody listens where it registered (decisions 0030). One sign alone is
// none: a connection closes for many reasons, and a controller that has just become active has had
// none.
class BrokerSessions {
public:
    struct Options {
        Duration timeout = seconds(9);  // broker.session.timeout.ms
    };

    BrokerSessions(const Options& options, const MetadataImage& image, Time now);

    // A registration or heartbeat of this life of the broker was accepted. `has_read`: its metadata
    // is that of all records before; nothing where it did not say.
    void heard(BrokerId broker, protocol::BrokerEpoch epoch, std::optional<Offset> has_read,
               Time now);
    // The connection over which it was heard is closed, without or with a word.
    void connection_closed(BrokerId broker, protocol::BrokerEpoch epoch);
    // Nobody listens at the address under which this life of the broker registered.
    void connection_refused(BrokerId broker, protocol::BrokerEpoch epoch);
    // Its process answered this controller otherwise, as a voter of the quorum, and since `at`
    // nobody listens there: as good as a connection that closed.
    void process_gone(BrokerId broker, protocol::BrokerEpoch epoch, Time at);
    // It is fenced, or unregistered: there is nothing to miss. It is missed again when it is heard.
    void gone(BrokerId broker);
    // It leaves when everybody in service has read the records before `offset`.
    void leaves_at(BrokerId broker, Offset offset);

    // Whose closed connection makes it worthwhile to try and connect to them.
    std::vector<BrokerId> suspects() const;
    // Who is to be fenced: each by a decision of its own, applied before the next one is made
    // (KAFKA-13173).
    std::vector<BrokerId> lost(Time now) const;
    Time wake_at() const;

    // It was heard within the session timeout, in this life.
    bool is_alive(BrokerId broker, protocol::BrokerEpoch epoch, Time now) const;
    // Where a broker that is in controlled shutdown may go; nothing for others.
    std::optional<Offset> leaves_at(BrokerId broker) const;
    // What every active broker of `image` has read; a broker that has not said holds it at 0.
    Offset read_by_all(const MetadataImage& image) const;

private:
    struct Session {
        protocol::BrokerEpoch epoch;
        Time heard_at;
        Offset has_read{0};
        bool heard_here = false;  // By this controller: it has had a connection.
        bool closed = false;
        bool refused = false;
        bool missed = true;
        std::optional<Offset> leaves_at = {};

        bool is_evident() const { return heard_here && closed && refused; }
    };
    Session* session(BrokerId broker, protocol::BrokerEpoch epoch);

    const Options options_;
    std::map<BrokerId, Session> sessions_;
};

}  // namespace sluice::metadata
