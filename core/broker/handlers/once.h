#pragma once

#include <set>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice::broker {

// Keeps the first of the items that are equal by `key`: what a request names many times must not be
// answered many times, or a small request makes a large answer.
template <class Item, class Key>
void keep_first(std::vector<Item>& items, Key key) {
    std::set<std::decay_t<std::invoke_result_t<Key, const Item&>>> seen;
    std::erase_if(items, [&](const Item& item) { return !seen.insert(key(item)).second; });
}

}  // namespace sluice::broker
