#include "core/base/probe.h"

#include <tuple>

namespace sluice::probe {

// Sites chain themselves up before main; the order is the linker's and never shows: reports are
// sorted, and draws depend on a site's name alone.
class Registry {
public:
    static void add(Site& site) {
        site.next_ = first;
        first = &site;
    }

    static void begin_run(const Random& random, Odds odds) {
        odds_of_firing = odds.fires;
        for (Site* site = first; site; site = site->next_) {
            site->reached_ = 0;
            site->fired_ = 0;
            if (site->kind_ != Kind::buggify) continue;
            site->draws_ = random.stream(site->name_);
            site->on_ = site->draws_->chance(odds.on);
        }
    }

    static std::vector<Report> reports() {
        std::vector<Report> found;
        for (const Site* site = first; site; site = site->next_)
            found.push_back({.kind = site->kind_,
                             .name = std::string(site->name_),
                             .where = place(site->where_),
                             .reached = site->reached_,
                             .fired = site->fired_});
        std::sort(found.begin(), found.end(), [](const Report& a, const Report& b) {
            return std::tie(a.kind, a.name) < std::tie(b.kind, b.name);
        });
        return found;
    }

    static bool set_plant(std::string_view name, bool on) {
        bool found = false;
        for (Site* site = first; site; site = site->next_) {
            if (site->kind_ != Kind::plant || site->name_ != name) continue;
            site->on_ = on;
            found = true;
        }
        return found;
    }

    static double fires() { return odds_of_firing; }

private:
    static std::string place(Where where) {
        if (where.line == 0) return "";
        return std::string(where.file) + ":" + std::to_string(where.line);
    }

    static constinit inline Site* first = nullptr;
    static constinit inline double odds_of_firing = 0;
};

Site::Site(Kind kind, std::string_view name) : kind_(kind), name_(name) {
    Registry::add(*this);
}

void Site::sometimes(bool condition, Where where) {
    where_ = where;
    ++reached_;
    if (condition) ++fired_;
}

bool Site::buggify(Where where) {
    where_ = where;
    ++reached_;
    if (!on_ || !draws_->chance(Registry::fires())) return false;
    ++fired_;
    return true;
}

bool Site::planted(Where where) {
    where_ = where;
    ++reached_;
    if (!on_) return false;
    ++fired_;
    return true;
}

void begin_run(const Random& random, Odds odds) {
    Registry::begin_run(random, odds);
    enabled_flag.store(true, std::memory_order_relaxed);
}

void end_run() {
    enabled_flag.store(false, std::memory_order_relaxed);
}

std::vector<Report> reports() {
    return Registry::reports();
}

bool set_plant(std::string_view name, bool on) {
    return Registry::set_plant(name, on);
}

}  // namespace sluice::probe
